import { metricMeter } from '@temporalio/activity'
import type { Settlement } from '../db/ledger.ts'

/** Counts messages by how they ended: `addressee_messages_total{fate="sent"}` on the worker's metrics page. */
export function countSettled(group: Settlement[]): void {
  const counter = metricMeter.createCounter('addressee_messages', 'message', 'Messages by how their sending ended')
  const byFate = new Map<string, number>()
  for (const { state } of group) byFate.set(state, (byFate.get(state) ?? 0) + 1)
  for (const [fate, count] of byFate) counter.add(count, { fate: fate === 'queued' ? 'deferred' : fate })
}
