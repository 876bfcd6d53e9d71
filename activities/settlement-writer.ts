import { setTimeout as sleep } from 'node:timers/promises'
import { log } from '@temporalio/activity'
import type { Settlement } from '../db/settle.ts'

/** Long enough to settle dozens of recipients with one statement, short enough that a crash leaves few `unknown`. */
const groupMs = 20

/** Results kept here while Postgres does not answer. Beyond that the senders wait: memory and `unknown` stay bounded. */
const mostUnwritten = 500

/** A fail-over takes seconds. Eight attempts spread over half a minute; then whoever waits hears of it. */
const attempts = 8

export interface SettlementWriter {
  /** Returns at once, unless too much is unwritten. Rejects when writing has been given up. */
  add: (settlement: Settlement) => Promise<void>
  /** Everything added is written. */
  flush: () => Promise<void>
}

/** Writes results in groups: one statement for all that ended within about 20 ms. */
export function createSettlementWriter(write: (group: Settlement[]) => Promise<unknown>): SettlementWriter {
  let unwritten: Settlement[] = []
  let writing: Promise<void> | null = null

  const writeAll = async (): Promise<void> => {
    for (; unwritten.length > 0; await sleep(groupMs)) {
      const group = unwritten
      unwritten = []
      await persistently(() => write(group)).catch((error: unknown) => {
        unwritten = [...group, ...unwritten]
        throw error
      })
    }
  }
  const begin = (afterMs: number): Promise<void> => {
    writing ??= sleep(afterMs)
      .then(writeAll)
      .finally(() => {
        writing = null
      })
    return writing
  }

  return {
    add: async (settlement) => {
      unwritten.push(settlement)
      const written = begin(groupMs)
      if (unwritten.length > mostUnwritten) await written
      // A failure leaves the group unwritten: the flush at the end tries again, and hears of it.
      else written.catch(() => {})
    },
    flush: async () => {
      while (writing !== null || unwritten.length > 0) await begin(0)
    },
  }
}

async function persistently(write: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await write()
      return
    } catch (error) {
      if (attempt === attempts) throw error
      log.warn('settling failed, trying again', { attempt, error })
      await sleep(2 ** attempt * 100)
    }
  }
}
