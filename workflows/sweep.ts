import { isCancellation, log, proxyActivities } from '@temporalio/workflow'
import type { SweepInput, SweepReport } from './contract.ts'
import { startMissingOptIns } from './start-opt-ins.ts'
import { startMissingWebhooks } from './start-webhooks.ts'

// The next sweep is half a minute away: what fails a few times is left to it.
const activities = proxyActivities<Record<string, () => Promise<string>>>({
  startToCloseTimeout: 5 * 60_000,
  heartbeatTimeout: 30_000,
  retry: { initialInterval: 500, maximumInterval: 5000, maximumAttempts: 3 },
})

/** Steps that start workflows, which only a workflow can without a client. Every other step is an activity. */
const starters: Record<string, () => Promise<string>> = { startMissingOptIns, startMissingWebhooks }

/** Sees to what nobody else has seen to, step by step. One that fails does not keep the others from theirs. */
export async function sweep({ steps }: SweepInput): Promise<SweepReport> {
  const report: SweepReport = {}
  for (const step of steps)
    try {
      report[step] = (await (starters[step] ?? activities[step])?.()) ?? 'nothing'
    } catch (error) {
      if (isCancellation(error)) throw error
      report[step] =
        `failed: ${error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error)}`
      log.warn('a step of the sweep failed', { step, error })
    }
  return report
}
