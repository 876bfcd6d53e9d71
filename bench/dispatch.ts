import type { RunningProcess } from '../dev/processes.ts'
import { rate, runSender, type Timed } from './senders/run-sender.ts'
import { type Audience, type Dkim, loadAudiences } from './stage/audience.ts'
import { sendCampaign } from './stage/campaign.ts'
import { peakMebibytesOf } from './stage/cpu.ts'
import { median, round2 } from './stage/figures.ts'
import { historyOf } from './stage/history.ts'
import { say } from './stage/say.ts'
import { onStage, type Stage } from './stage/stage.ts'
import { type StageCpu, withCpu } from './stage/stage-cpu.ts'
import { connections, startWorker, stopWorkers } from './stage/worker.ts'

const floorMessages = 100_000
const nodemailerMessages = 5000

export interface DispatchOptions {
  recipients: number
  workers: number
  rounds: number
  dkim: Dkim
  /** Where the workers write CPU profiles; null: nowhere. */
  cpuProf: string | null
}

/**
 * From `campaigns.schedule` to the last settled row, through Temporal, the ledger and SMTP; beside it, in the same
 * run and alternating, the bare pipelined client and nodemailer's pool composing the same message. Both sign nothing.
 */
export const dispatch = (options: DispatchOptions): Promise<object> =>
  onStage(async (stage) => {
    const audience = { key: 'everybody', size: options.recipients }
    await loadAudiences(stage, [audience], options.dkim)
    const workers: RunningProcess[] = []
    try {
      for (let number = 1; number <= options.workers; number += 1)
        workers.push(await startWorker(stage, { name: `worker-${number}`, profileFolder: options.cpuProf }))
      const rounds: Round[] = []
      for (let number = 1; number <= options.rounds; number += 1)
        rounds.push(await measure(stage, workers, audience, number))
      return { benchmark: 'dispatch', ...options, connections, ...report(rounds), ...(await peaks(workers)) }
    } finally {
      await stopWorkers(workers)
    }
  })

interface Product extends Timed {
  cpu: StageCpu
  history: { events: number; bytes: number }
}

type Round = Record<'floor' | 'nodemailer', Timed> & { product: Product }

async function measure(stage: Stage, workers: RunningProcess[], audience: Audience, number: number): Promise<Round> {
  const { port } = stage.sink
  const floor = await runSender('./floor.ts', [port, floorMessages, connections, 4096])
  const nodemailer = await runSender('./nodemailer-pool.ts', [port, nodemailerMessages, connections])
  const { result, cpu } = await withCpu(stage, workers, () => sendCampaign(stage, { key: `round-${number}`, audience }))
  const product = { ...result, cpuSeconds: cpu.worker, cpu, history: await historyOf(stage, result.id) }
  say(`round ${number}: floor ${rate(floor)}/s, nodemailer ${rate(nodemailer)}/s, addressee ${rate(product)}/s`)
  return { floor, nodemailer, product }
}

function report(rounds: Round[]): object {
  const of = (pick: keyof Round) => ({
    perSecond: median(rounds.map((each) => rate(each[pick]))),
    cpuMicroseconds: Math.round(median(rounds.map(({ [pick]: it }) => (1e6 * it.cpuSeconds) / it.messages))),
  })
  const [floor, nodemailer, product] = [of('floor'), of('nodemailer'), of('product')]
  const micros = (name: keyof StageCpu) => median(rounds.map(({ product: it }) => (1e6 * it.cpu[name]) / it.messages))
  const all = micros('worker') + micros('postgres') + micros('temporal') + micros('sink')
  // For each 100,000 recipients: the ranges are few, whatever they hold.
  const history = (pick: 'events' | 'bytes') =>
    Math.round(median(rounds.map(({ product: it }) => (1e5 * it.history[pick]) / it.messages)))
  return {
    floor,
    nodemailer,
    product: {
      ...product,
      postgresMicroseconds: Math.round(micros('postgres')),
      temporalMicroseconds: round2(micros('temporal')),
      sinkMicroseconds: Math.round(micros('sink')),
    },
    timesNodemailer: round2(product.perSecond / nodemailer.perSecond),
    shareOfFloor: round2(product.perSecond / floor.perSecond),
    temporalShareOfCpu: round2(micros('temporal') / all),
    historyEvents: history('events'),
    historyBytes: history('bytes'),
  }
}

const peaks = async (workers: RunningProcess[]): Promise<object> => ({
  peakMebibytes: Math.max(...(await Promise.all(workers.map(({ pid }) => peakMebibytesOf(pid))))),
})
