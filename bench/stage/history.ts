import { campaignWorkflowId } from '../../workflows/contract.ts'
import type { Stage } from './stage.ts'

/** What a campaign has left in Temporal: its last run, for one that was continued. */
export async function historyOf({ temporal }: Stage, campaignId: string): Promise<{ events: number; bytes: number }> {
  const handle = (await temporal.get()).workflow.getHandle(campaignWorkflowId(campaignId))
  const { historyLength, historySize } = await handle.describe()
  return { events: historyLength, bytes: historySize ?? Number.NaN }
}

/** How many ranges each worker process took up, the busiest first: those that took none are not in it. */
export async function rangesByWorker({ temporal }: Stage, campaignId: string): Promise<number[]> {
  const handle = (await temporal.get()).workflow.getHandle(campaignWorkflowId(campaignId))
  const { events } = await handle.fetchHistory()
  const ranges = new Set<string>()
  const taken = new Map<string, number>()
  for (const { eventId, activityTaskScheduledEventAttributes, activityTaskStartedEventAttributes } of events ?? []) {
    if (activityTaskScheduledEventAttributes?.activityType?.name === 'dispatchRange') ranges.add(String(eventId))
    const { scheduledEventId, identity } = activityTaskStartedEventAttributes ?? {}
    if (identity && ranges.has(String(scheduledEventId))) taken.set(identity, (taken.get(identity) ?? 0) + 1)
  }
  return [...taken.values()].toSorted((a, b) => b - a)
}
