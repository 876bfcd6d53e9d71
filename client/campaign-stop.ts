import { setTimeout as sleep } from 'node:timers/promises'
import type { Db } from '../db/connect.ts'
import type { Id } from '../db/schema.ts'
import { countFates } from '../db/tally.ts'
import type { FateCounts } from '../domain/fate.ts'

/** Whoever was told to stop is through with what it had in hand within this time, unless the mail server is slow. */
const patienceMs = 1000
const lookEveryMs = 20

/** The fates of a campaign that nobody claims from any more, once what was claimed has come to its end. */
export async function untilNothingIsUnderWay(db: Db, campaignId: Id): Promise<FateCounts> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    const counts = await countFates(db, campaignId)
    if (counts.claimed === 0 || performance.now() > deadline) return counts
    await sleep(lookEveryMs)
  }
}
