import { Client, ScheduleAlreadyRunning, type ScheduleOptions, ScheduleOverlapPolicy } from '@temporalio/client'
import type { NativeConnection } from '@temporalio/worker'
import type { Activities } from '../activities/index.ts'
import { type SweepInput, sweepId, taskQueues } from '../workflows/contract.ts'

/**
 * What every sweep does, in this order. Each is an activity, or starts workflows (workflows/sweep.ts); it takes nothing,
 * says what it did, and can be repeated.
 */
const steps: (keyof Activities | 'startMissingOptIns' | 'startMissingWebhooks')[] = [
  'settleOverdueUnsubscribes',
  'settleExpiredOptIns',
  'startMissingOptIns',
  'startMissingWebhooks',
  'dropOldEvents',
]

/**
 * An unsubscribe that is due is left to its workflow for 20 seconds; 30 more until the next sweep, and what a sweep of
 * ten thousand takes: so all of it is settled within a minute of being due.
 */
const everyMs = 30_000

/** Creates the Schedule of sweeps, or makes it what this version wants. Several workers may do so at once. */
export async function ensureSweepSchedule(connection: NativeConnection, namespace: string): Promise<void> {
  const { schedule } = new Client({ connection, namespace })
  const input: SweepInput = { steps }
  const options: ScheduleOptions = {
    scheduleId: sweepId,
    spec: { intervals: [{ every: everyMs }] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: 60_000 },
    action: {
      type: 'startWorkflow',
      workflowType: 'sweep',
      workflowId: sweepId,
      taskQueue: taskQueues.core,
      args: [input],
    },
  }
  try {
    await schedule.create(options)
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error
    // Whether an operator has paused it is not ours to decide.
    await schedule.getHandle(sweepId).update((found) => ({ ...options, state: found.state }))
  }
}
