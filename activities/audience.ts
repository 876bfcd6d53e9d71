import { heartbeat } from '@temporalio/activity'
import { freezeAudience } from '../db/audience.ts'
import { beginResolving } from '../db/campaigns.ts'
import type { Db } from '../db/connect.ts'
import { refreshStatistics } from '../db/statistics.ts'
import type { DispatchPlan, ResolvedAudience } from '../workflows/contract.ts'

/** The server's patience is 30 seconds; five beats may be lost. */
const heartbeatEveryMs = 5000

export const audienceActivities = ({ db }: { db: Db }) => ({
  /**
   * Freezes the audience. Idempotent: the ledger and the campaign's state change in one transaction.
   * @returns null when the campaign was cancelled, or put off to a later hour, in the meantime.
   */
  async resolveAudience({ campaignId }: { campaignId: string }): Promise<ResolvedAudience | null> {
    const beating = setInterval(heartbeat, heartbeatEveryMs)
    try {
      await beginResolving(db, campaignId)
      await refreshStatistics(db)
      const frozen = await freezeAudience(db, campaignId)
      return frozen && { ...frozen, ...ranges(frozen.audience) }
    } finally {
      clearInterval(beating)
    }
  },
})

// A range is the unit that Temporal sees: long enough that its bookkeeping (some 10 ms of server time) does not
// count, short enough that progress is seen and a lost worker's range is soon taken over.
const ranges = (audience: number): Pick<DispatchPlan, 'rangeSize' | 'window'> => ({
  rangeSize: Math.min(20_000, Math.max(500, Math.ceil(audience / 20))),
  window: 8,
})
