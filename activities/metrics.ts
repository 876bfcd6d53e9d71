import { metricMeter } from '@temporalio/activity'
import type { Settlement } from '../db/settle.ts'

/**
 * Counts recipients by what became of them: `addressee_messages_total{fate="sent"}` on the worker's metrics page.
 * A recipient may count several times: `deferred` and then `sent`, or `unknown` and then `sent` by a late owner.
 */
export function countMessages(fate: 'sent' | 'failed' | 'skipped' | 'unknown' | 'deferred', count: number): void {
  if (count > 0) messages().add(count, { fate })
}

export function countSettled(group: Settlement[]): void {
  const byFate = Map.groupBy(group, ({ state }) => (state === 'queued' ? 'deferred' : state))
  for (const [fate, settled] of byFate) countMessages(fate, settled.length)
}

const messages = () => metricMeter.createCounter('addressee_messages', 'message', 'Messages by how their sending ended')
