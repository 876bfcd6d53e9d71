import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import { taskQueues } from './contract.ts'

/** A round of minutes that mostly waits. Tried for ever: it goes on from the rows. */
export const delivery = proxyActivities<Activities>({
  // As everywhere: see campaign-activities.ts.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  taskQueue: taskQueues.webhooks,
  startToCloseTimeout: 60 * 60_000,
  heartbeatTimeout: 30_000,
  retry: { initialInterval: 1000, maximumInterval: 30_000 },
})
