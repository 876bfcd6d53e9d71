import { cpuSecondsOf, cpuSecondsOfFamily } from './cpu.ts'
import { pidOf, type Stage } from './stage.ts'

/** CPU seconds of every process that has a part in a campaign. */
export type StageCpu = Record<'worker' | 'postgres' | 'temporal' | 'sink', number>

/** What the work has cost, beside what it returns. @param workers together they are `worker`. */
export async function withCpu<T>(
  stage: Stage,
  workers: { pid: number }[],
  work: () => Promise<T>,
): Promise<{ result: T; cpu: StageCpu }> {
  const before = await cpuNow(stage, workers)
  const result = await work()
  const after = await cpuNow(stage, workers)
  return {
    result,
    cpu: {
      worker: after.worker - before.worker,
      postgres: after.postgres - before.postgres,
      temporal: after.temporal - before.temporal,
      sink: after.sink - before.sink,
    },
  }
}

async function cpuNow({ folder, sink }: Stage, workers: { pid: number }[]): Promise<StageCpu> {
  const each = await Promise.all(workers.map(({ pid }) => cpuSecondsOf(pid)))
  return {
    worker: each.reduce((sum, seconds) => sum + seconds, 0),
    postgres: await cpuSecondsOfFamily(await pidOf(folder, 'postgres')),
    temporal: await cpuSecondsOf(await pidOf(folder, 'temporal')),
    sink: await cpuSecondsOf(sink.pid),
  }
}
