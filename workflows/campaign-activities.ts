import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import { taskQueues } from './contract.ts'

// Every activity waits for its own end when it is cancelled: the default would close the workflow at once and leave
// the sender sending (the documented default says otherwise; see docs/decisions.md).
const cancellationType = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED

/** Short statements by primary key: ten seconds are generous, and a lost answer is asked for again. */
export const database = proxyActivities<Activities>({
  cancellationType,
  startToCloseTimeout: 10_000,
  retry: { initialInterval: 500, maximumInterval: 10_000 },
})

/** One statement over the whole base: minutes at ten million contacts. Heartbeats tell that the worker lives. */
export const bulk = proxyActivities<Activities>({
  cancellationType,
  startToCloseTimeout: 60 * 60_000,
  heartbeatTimeout: 30_000,
  retry: { initialInterval: 1000, maximumInterval: 60_000 },
})

/**
 * Sending. It may be tried for ever: each attempt goes on from the rows, and an SMTP server that is away comes back.
 * No deadline over all attempts, because a rate limit or a pause may hold a range for hours.
 */
export const dispatch = proxyActivities<Activities>({
  cancellationType,
  taskQueue: taskQueues.smtp,
  startToCloseTimeout: 60 * 60_000,
  heartbeatTimeout: 30_000,
  retry: { initialInterval: 1000, maximumInterval: 30_000 },
})

/** An operator waits for the answer: the statement runs beside the workflow, without a queue between. */
export const command = proxyLocalActivities<Activities>({
  startToCloseTimeout: 10_000,
  retry: { initialInterval: 200, maximumInterval: 2000 },
})
