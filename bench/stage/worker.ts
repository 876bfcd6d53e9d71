import { resolve } from 'node:path'
import { logHolds, type RunningProcess, startProcess, untilReady } from '../../dev/processes.ts'
import type { Sink } from './sink.ts'
import type { Stage } from './stage.ts'

/** What a worker has unless it is told otherwise, and what the senders beside it get. */
export const connections = 10

export interface WorkerOptions {
  name?: string
  /** Where it sends; the stage's own sink unless another is given. */
  sink?: Sink
  /** Where a CPU profile is written when it is stopped; null: none. */
  profileFolder?: string | null
}

/** `addressee worker` as an operator would start it. */
export async function startWorker(stage: Stage, options: WorkerOptions = {}): Promise<RunningProcess> {
  const { name = 'worker', sink = stage.sink, profileFolder = null } = options
  const profile = profileFolder === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profileFolder)}`]
  const worker = await startProcess({
    name,
    command: process.execPath,
    args: [...profile, 'client/cli/main.ts', 'worker'],
    folder: stage.folder,
    env: {
      ...stage.env,
      SMTP_URL: sink.url,
      ADDRESSEE_SMTP_CONNECTIONS: String(connections),
      // Several workers cannot share a port; by default none serves its figures.
      ADDRESSEE_METRICS_ADDRESS: '',
    },
  })
  await untilReady(worker, logHolds(worker, '"worker started"'), { limitMs: 120_000 })
  return worker
}

/** Stops them all by SIGTERM. Longer than a worker takes to give its claims back. */
export const stopWorkers = async (workers: RunningProcess[]): Promise<void> =>
  void (await Promise.all(workers.map((worker) => worker.stop(60_000))))
