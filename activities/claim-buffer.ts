import type { Claimed, ClaimResult } from '../db/claim.ts'

/** Claimed recipients on their way to the connections. */
export interface ClaimBuffer {
  /** The next recipient to send to; undefined when nothing more is to be claimed. */
  take: () => Promise<Claimed | undefined>
  /** Claims nothing from now on, and hands out what is still here. */
  stop: () => Promise<Claimed[]>
}

/**
 * Claims ahead of the connections: while the last messages of one claim are sent, the next claim is under way.
 * @param claimMore is told how many are still waiting; an answer without any recipient, claimed or skipped, means that the range is exhausted.
 * @param lowWater with this many recipients left the next claim begins.
 */
export function createClaimBuffer(
  claimMore: (waiting: number) => Promise<ClaimResult>,
  lowWater: () => number,
): ClaimBuffer {
  let waiting: Claimed[] = []
  let claiming: Promise<void> | null = null
  let ended = false

  const refill = async (): Promise<void> => {
    const { claimed, skipped } = await claimMore(waiting.length)
    if (claimed.length + skipped === 0) ended = true
    waiting.push(...claimed)
  }
  const claimAhead = (): Promise<void> => {
    claiming ??= refill().finally(() => {
      claiming = null
    })
    return claiming
  }

  return {
    take: async () => {
      while (waiting.length === 0 && !ended) await claimAhead()
      // If this claim fails, the take that finds nothing waiting claims again and hears why.
      if (waiting.length <= lowWater() && !ended) claimAhead().catch(() => {})
      return waiting.shift()
    },
    stop: async () => {
      ended = true
      await claiming?.catch(() => {})
      const left = waiting
      waiting = []
      return left
    },
  }
}
