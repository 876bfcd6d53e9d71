import { setTimeout as sleep } from 'node:timers/promises'
import type { Db } from '../db/connect.ts'
import { giveBackTokens, takeTokens } from '../db/tokens.ts'
import type { LimitRef } from '../domain/limit.ts'
import type { Metrics } from './metrics.ts'

/** A limit that lets nothing go for a while: longer than it would be worth to hold a worker's place for. */
export interface Held {
  by: LimitRef
  untilMs: number
}

/** Lets messages go as the sending limits allow. */
export interface Pace {
  /** @returns how many may be claimed now, after whatever wait that took; 0 when the attempt ended meanwhile. */
  allow: (wanted: number) => Promise<number | Held>
  /** For so many that were allowed nobody was found. */
  giveBack: (unused: number) => Promise<void>
}

/** Daily caps are what holds for so long. */
const longestWaitMs = 15_000

/** A limit may be changed while we wait for it. */
const longestSleepMs = 1000

const spreadMs = 5

const unlimited: Pace = { allow: async (wanted) => wanted, giveBack: async () => {} }

/** @param signal ends waiting. */
export function createPace(db: Db, limits: LimitRef[], signal: AbortSignal, metrics: Metrics): Pace {
  if (limits.length === 0) return unlimited
  return {
    allow: async (wanted) => {
      const startedAt = performance.now()
      while (!signal.aborted) {
        const { granted, waitMs, heldBy } = await takeTokens(db, limits, wanted)
        if (granted > 0 || heldBy === null) {
          metrics.seconds('rate_wait', (performance.now() - startedAt) / 1000)
          return granted
        }
        if (waitMs > longestWaitMs) return { by: heldBy, untilMs: Date.now() + waitMs }
        // Everybody who waits is told the same moment: spread a little, they do not all come at once.
        const delayMs = Math.min(waitMs, longestSleepMs) + Math.random() * spreadMs
        await sleep(delayMs, undefined, { signal }).catch(() => {})
      }
      return 0
    },
    giveBack: (unused) => (unused > 0 ? giveBackTokens(db, limits, unused) : Promise.resolve()),
  }
}
