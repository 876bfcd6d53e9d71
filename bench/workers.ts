import type { RunningProcess } from '../dev/processes.ts'
import { rate, runSender } from './senders/run-sender.ts'
import { type Audience, loadAudiences } from './stage/audience.ts'
import { sendCampaign } from './stage/campaign.ts'
import { median, round2 } from './stage/figures.ts'
import { rangesByWorker } from './stage/history.ts'
import { say } from './stage/say.ts'
import { type Sink, startSink } from './stage/sink.ts'
import { onStage, type Stage } from './stage/stage.ts'
import { connections, startWorker, stopWorkers } from './stage/worker.ts'

const numbersOfWorkers = [1, 2, 4]

export interface WorkersOptions {
  recipients: number
  rounds: number
  /** Of the campaigns to the mail server that takes its time. */
  slowRecipients: number
  /** Milliseconds that it takes for each message. */
  delay: number
}

/**
 * One campaign by 1, 2 and 4 worker processes: to a mail server as fast as it can, where the machine's cores are the
 * limit, and to one that thinks about each message, where the connections are and workers should add up. Beside each,
 * as many bare pipelined clients with as many connections. Every campaign is counted in the ledger and by the server.
 */
export const workers = (options: WorkersOptions): Promise<object> =>
  onStage(async (stage) => {
    const audiences = {
      fast: { key: 'everybody', size: options.recipients },
      slow: { key: 'few', size: options.slowRecipients },
    }
    await loadAudiences(stage, Object.values(audiences))
    const slowSink = await startSink(options.delay)
    try {
      const series = {
        fast: await measureSeries(stage, stage.sink, audiences.fast, options.rounds),
        slow: await measureSeries(stage, slowSink, audiences.slow, options.rounds),
      }
      return { benchmark: 'workers', ...options, connections, fast: report(series.fast), slow: report(series.slow) }
    } finally {
      slowSink.stop()
    }
  })

interface Measured {
  workers: number
  floor: number
  perSecond: number
  ranges: number[]
}

async function measureSeries(stage: Stage, sink: Sink, audience: Audience, rounds: number): Promise<Measured[]> {
  const series: Measured[] = []
  for (let round = 1; round <= rounds; round += 1) {
    const started: RunningProcess[] = []
    try {
      for (const number of numbersOfWorkers) {
        while (started.length < number)
          started.push(await startWorker(stage, { name: `worker-${started.length + 1}`, sink }))
        series.push(await measure(stage, sink, audience, { key: `${audience.key}-${round}-by-${number}`, number }))
      }
    } finally {
      await stopWorkers(started)
    }
  }
  return series
}

async function measure(
  stage: Stage,
  sink: Sink,
  audience: Audience,
  { key, number }: { key: string; number: number },
): Promise<Measured> {
  const floor = await bareClients(sink, number, audience.size)
  const sent = await sendCampaign(stage, { key, audience, sink })
  const ranges = await rangesByWorker(stage, sent.id)
  say(`${key}: floor ${floor}/s, addressee ${rate(sent)}/s, ranges by worker ${ranges.join(' + ')}`)
  return { workers: number, floor, perSecond: rate(sent), ranges }
}

/** Messages a second of this many processes together. */
async function bareClients(sink: Sink, processes: number, messages: number): Promise<number> {
  const each = Math.ceil(messages / processes)
  const all = Array.from({ length: processes }, () => runSender('./floor.ts', [sink.port, each, connections, 4096]))
  return (await Promise.all(all)).reduce((sum, timed) => sum + rate(timed), 0)
}

function report(series: Measured[]): object[] {
  const rateOf = (number: number, pick: 'floor' | 'perSecond') =>
    median(series.filter((each) => each.workers === number).map((each) => each[pick]))
  return numbersOfWorkers.map((number) => ({
    workers: number,
    floor: rateOf(number, 'floor'),
    perSecond: rateOf(number, 'perSecond'),
    shareOfFloor: round2(rateOf(number, 'perSecond') / rateOf(number, 'floor')),
    timesOne: round2(rateOf(number, 'perSecond') / rateOf(1, 'perSecond')),
    ranges: series.filter((each) => each.workers === number).map((each) => each.ranges),
  }))
}
