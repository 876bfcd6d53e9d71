import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker'
import { type ActivityDeps, createActivities } from '../activities/index.ts'
import { taskQueues } from '../workflows/contract.ts'

export interface WorkersOptions {
  connection: NativeConnection
  namespace: string
  deps: ActivityDeps
  workflowBundle: NonNullable<WorkerOptions['workflowBundle']>
}

/**
 * One Worker for workflows and database work, one for dispatch, and one for delayed unsubscribes: so that neither sending
 * nor a herd of these delays a command. And one for webhooks, whose activities stay for minutes.
 */
export async function createWorkers(options: WorkersOptions): Promise<Worker[]> {
  const { connection, namespace } = options
  const shared = { connection, namespace, activities: createActivities(options.deps), ...stopping }
  return [
    await Worker.create({
      ...shared,
      workflowBundle: options.workflowBundle,
      taskQueue: taskQueues.core,
      maxConcurrentActivityTaskExecutions: 20,
      // About 0.1 MB each: the formula that is the default counts on a heap that we do not have.
      maxCachedWorkflows: 500,
    }),
    await Worker.create({ ...shared, taskQueue: taskQueues.smtp, maxConcurrentActivityTaskExecutions: rangesAtOnce }),
    await Worker.create({
      ...shared,
      workflowBundle: options.workflowBundle,
      taskQueue: taskQueues.unsubscribe,
      // Their activities are local.
      enableNonLocalActivities: false,
      maxCachedWorkflows: 500,
    }),
    await Worker.create({
      ...shared,
      taskQueue: taskQueues.webhooks,
      maxConcurrentActivityTaskExecutions: webhooksAtOnce,
    }),
  ]
}

/**
 * Ranges of one campaign take turns here: one is sent, and the others wait, so that there is always a next one. More
 * places would be for other campaigns, but be taken by this one's, of which idle workers would have none then.
 */
const rangesAtOnce = 4

/** They mostly wait, and ask the database twice in two seconds; with more than that, one waits for another's round. */
const webhooksAtOnce = 200

const stopping = {
  // A command to stop (a cancelled campaign) reaches an activity with its heartbeat: within this time.
  maxHeartbeatThrottleInterval: 2000,
  // Dispatch ends by itself when told to stop. This is for what does not: cut off, then tried elsewhere.
  shutdownGraceTime: 30_000,
  // Without it a process whose activity never returns would never end.
  shutdownForceTime: 60_000,
} satisfies Partial<WorkerOptions>
