import { loadAudiences } from '../stage/audience.ts'
import { median, percentile, round2 } from '../stage/figures.ts'
import { say } from '../stage/say.ts'
import { onStage, type Stage } from '../stage/stage.ts'
import { type StageCpu, withCpu } from '../stage/stage-cpu.ts'
import { startWorker, stopWorkers } from '../stage/worker.ts'
import { runBareWorkflows, startBareWorker } from './bare-workflows.ts'
import { type Batch, dueAfterStarting } from './batch.ts'
import { runCampaigns } from './campaigns.ts'
import { runUnsubscribes } from './unsubscribes.ts'

export interface TimersOptions {
  campaigns: number
  rounds: number
  unsubscribes: number
}

/**
 * The durable timers of the product, all due at one moment: how late they fire, and what they cost from their start to
 * their end. First campaigns, each with one recipient; beside them, alternating, as many bare workflows. Then many more
 * delayed unsubscribes than their workflows can settle in time.
 */
export const timers = ({ campaigns, rounds, unsubscribes }: TimersOptions): Promise<object> =>
  onStage(async (stage) => {
    await using open = new AsyncDisposableStack()
    const audience = { key: 'one', size: 1 }
    const leaving = { key: 'leaving', size: unsubscribes }
    await loadAudiences(stage, [audience, leaving])
    const bare = await startBareWorker(stage)
    open.defer(bare.stop)
    const worker = await startWorker(stage)
    open.defer(() => stopWorkers([worker]))
    const batches = {
      floor: { worker: bare, run: (batch: Batch) => runBareWorkflows(stage, bare, batch) },
      campaigns: { worker, run: (batch: Batch) => runCampaigns(stage, audience, batch) },
    }
    const fired: Record<keyof typeof batches, Fired[]> = { floor: [], campaigns: [] }
    for (let round = 1; round <= rounds; round += 1)
      for (const name of ['floor', 'campaigns'] as const) {
        const batch = { name: `${name}-${round}`, count: campaigns, dueAt: dueAfterStarting(campaigns) }
        fired[name].push(await fire(stage, batches[name], batch))
      }
    const [floor, product] = [report(fired.floor), report(fired.campaigns)]
    const timesFloor = {
      p99: round2(product.lateMilliseconds.p99 / floor.lateMilliseconds.p99),
      temporal: round2(product.temporalMilliseconds / floor.temporalMilliseconds),
    }
    const delayed = await runUnsubscribes(stage, leaving.key, leaving.size)
    return { benchmark: 'timers', timers: campaigns, rounds, floor, campaigns: product, timesFloor, delayed }
  })

interface Fired {
  late: number[]
  cpu: StageCpu
}

async function fire(
  stage: Stage,
  { worker, run }: { worker: { pid: number }; run: (batch: Batch) => Promise<number[]> },
  batch: Batch,
): Promise<Fired> {
  say(`${batch.name}: ${batch.count} timers, due at ${batch.dueAt.toISOString()}`)
  const { result: late, cpu } = await withCpu(stage, [worker], () => run(batch))
  say(`${batch.name}: half within ${Math.round(median(late))} ms, the last after ${Math.round(Math.max(...late))} ms`)
  return { late, cpu }
}

function report(fired: Fired[]) {
  const middle = (figure: (each: Fired) => number) => Math.round(median(fired.map(figure)))
  // Of CPU, for each timer.
  const milliseconds = (name: keyof StageCpu) =>
    round2(median(fired.map(({ late, cpu }) => (1000 * cpu[name]) / late.length)))
  return {
    lateMilliseconds: {
      earliest: middle(({ late }) => Math.min(...late)),
      p50: middle(({ late }) => percentile(late, 50)),
      p99: middle(({ late }) => percentile(late, 99)),
      max: middle(({ late }) => Math.max(...late)),
    },
    temporalMilliseconds: milliseconds('temporal'),
    postgresMilliseconds: milliseconds('postgres'),
    workerMilliseconds: milliseconds('worker'),
  }
}
