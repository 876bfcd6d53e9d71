import { type Claimer, type ClaimResult, claim } from '../db/claim.ts'
import type { Db } from '../db/connect.ts'
import type { Criteria } from '../db/criteria.ts'
import { release } from '../db/ledger.ts'
import { type ClaimBuffer, createClaimBuffer } from './claim-buffer.ts'
import { countMessages } from './metrics.ts'

/** A range's recipients as one attempt claims them. */
export interface Claims extends ClaimBuffer {
  /** Nothing was handed over for this recipient: it is queued again, and claimed again before the range ends. */
  giveBack: (seq: number) => Promise<void>
}

/** A claim covers about 20 ms of sending: what a crash leaves `unknown` is bounded by what was in flight. */
const claimSeconds = 0.02

/** Beyond this a statement does not get cheaper by the row. */
const mostPerClaim = 500

/**
 * @param capacity messages that can be under way at once; a claim brings at least as many.
 */
export function createClaims(db: Db, criteria: Criteria, claimer: Claimer, capacity: number): Claims {
  let from = claimer.from
  let givenBack = 0
  const size = createClaimSize(capacity)

  const claimMore = async (waiting: number): Promise<ClaimResult> => {
    const result = await claim(db, criteria, { ...claimer, from }, size.next(waiting))
    countMessages('skipped', result.skipped)
    if (result.lastSeq !== null) from = result.lastSeq + 1
    else if (givenBack > 0) {
      // Behind us lies what was given back: once more through the range.
      givenBack = 0
      from = claimer.from
      return claimMore(waiting)
    }
    return result
  }

  return {
    // The next claim begins when the one before is handed out: so one is always ready, and never more than two.
    ...createClaimBuffer(claimMore, size.last),
    giveBack: async (seq) => {
      await release(db, claimer, [seq])
      givenBack += 1
    },
  }
}

/** Sizes each claim by how fast recipients were used up since the one before it. */
function createClaimSize(smallest: number): { next: (waiting: number) => number; last: () => number } {
  let last = { size: 0, waiting: 0, at: performance.now() }
  return {
    next: (waiting) => {
      const at = performance.now()
      const usedUp = last.waiting + last.size - waiting
      const perSecond = (1000 * usedUp) / Math.max(1, at - last.at)
      const size = Math.min(mostPerClaim, Math.max(smallest, Math.round(perSecond * claimSeconds)))
      last = { size, waiting, at }
      return size
    },
    last: () => last.size,
  }
}
