import { fileURLToPath } from 'node:url'
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker'
import type { DispatchDeps } from '../activities/dispatch.ts'
import { createActivities } from '../activities/index.ts'
import { taskQueues } from '../workflows/contract.ts'

/** The workflow bundle's entry: the sources when run from sources, the build when run from there. */
export const workflowsPath = fileURLToPath(
  new URL(`../workflows/index.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
)

export interface WorkersOptions {
  connection: NativeConnection
  namespace: string
  deps: DispatchDeps
  /** A bundle made before, where many workers are started one after another. */
  workflowBundle?: { codePath: string }
}

/** One Worker for workflows and database work, one for dispatch: so that sending never delays a command. */
export async function createWorkers(options: WorkersOptions): Promise<Worker[]> {
  const { connection, namespace } = options
  const shared = { connection, namespace, activities: createActivities(options.deps), ...stopping }
  return [
    await Worker.create({
      ...shared,
      ...(options.workflowBundle ? { workflowBundle: options.workflowBundle } : { workflowsPath }),
      taskQueue: taskQueues.core,
      maxConcurrentActivityTaskExecutions: 20,
      // About 0.1 MB each: the formula that is the default counts on a heap that we do not have.
      maxCachedWorkflows: 500,
    }),
    await Worker.create({ ...shared, taskQueue: taskQueues.smtp, maxConcurrentActivityTaskExecutions: rangesAtOnce }),
  ]
}

/** They share the process's connections to the mail server: more at once would only claim more ahead of them. */
const rangesAtOnce = 3

const stopping = {
  // A command to stop (a cancelled campaign) reaches an activity with its heartbeat: within this time.
  maxHeartbeatThrottleInterval: 2000,
  // Dispatch ends by itself when told to stop. This is for what does not: cut off, then tried elsewhere.
  shutdownGraceTime: 30_000,
  // Without it a process whose activity never returns would never end.
  shutdownForceTime: 60_000,
} satisfies Partial<WorkerOptions>
