import { metricMeter } from '@temporalio/activity'
import type { Settlement } from '../db/settle.ts'

/**
 * - `claim`, `settle`: one statement, of up to hundreds of recipients.
 * - `send`: from handing a message to the transport to its answer; one message in 32 is measured.
 * - `settle_delay`: from the first answer of a group to the group's being in the ledger.
 * - `rate_wait`: what sending limits held a claim back.
 */
export type Stage = 'claim' | 'send' | 'settle' | 'settle_delay' | 'rate_wait'

export type CountedFate = 'sent' | 'failed' | 'skipped' | 'unknown' | 'deferred'

/** What the worker's metrics page says about sending (docs/operating.md). */
export interface Metrics {
  /**
   * Counts recipients by what became of them. One may count several times: `deferred` and then `sent`, or `unknown`
   * and then `sent` by a late owner.
   */
  messages: (fate: CountedFate, recipients: number) => void
  settled: (group: Settlement[]) => void
  seconds: (stage: Stage, seconds: number) => void
  connectionsInUse: (connections: number) => void
}

/** Where the exporter cuts `addressee_stage_seconds`, from a fast statement to a server that takes its time. */
export const stageSecondsBuckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60]

/** Call it in an activity. */
export function activityMetrics(): Metrics {
  const counter = metricMeter.createCounter('addressee_messages', 'message', 'Messages by how their sending ended')
  const stages = metricMeter.createHistogram('addressee_stage_seconds', 'float', '', 'What the stages of sending take')
  const connections = metricMeter.createGauge(
    'addressee_smtp_connections_in_use',
    'int',
    '',
    'With a message under way',
  )
  const messages: Metrics['messages'] = (fate, recipients) => {
    if (recipients > 0) counter.add(recipients, { fate })
  }
  return {
    messages,
    settled: (group) => {
      const byFate = Map.groupBy(group, ({ state }) => (state === 'queued' ? 'deferred' : state))
      for (const [fate, settled] of byFate) messages(fate, settled.length)
    },
    seconds: (stage, seconds) => stages.record(seconds, { stage }),
    connectionsInUse: (inUse) => connections.set(inUse),
  }
}
