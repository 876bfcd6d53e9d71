import { setTimeout as sleep } from 'node:timers/promises'
import { log } from '@temporalio/activity'
import type { Settlement } from '../db/settle.ts'

/** Long enough to settle a hundred recipients with one statement, short enough that a crash leaves few `unknown`. */
const groupMs = 10

/** Results kept here while Postgres does not answer. Beyond that the senders wait: memory and `unknown` stay bounded. */
const mostUnwritten = 1000

/** A fail-over takes seconds. Eight attempts spread over half a minute; then whoever waits hears of it. */
const attempts = 8

/** Writes results in groups: one statement for all that ended within a moment. */
export class SettlementWriter {
  readonly #write: (group: Settlement[], delaySeconds: number) => Promise<unknown>
  readonly #onWritten: () => void
  #unwritten: Settlement[] = []
  #beingWritten = 0
  #oldestAt = 0
  #writing: Promise<void> | null = null

  /**
   * @param write is told how long the group's first result has been waiting.
   * @param onWritten called after each group.
   */
  constructor(
    write: (group: Settlement[], delaySeconds: number) => Promise<unknown>,
    onWritten: () => void = () => {},
  ) {
    this.#write = write
    this.#onWritten = onWritten
  }

  /** Results that a crash would make `unknown`. */
  get unwritten(): number {
    return this.#unwritten.length + this.#beingWritten
  }

  /** @returns what to wait for, when too much is unwritten. It rejects when writing has been given up. */
  add(settlement: Settlement): Promise<void> | undefined {
    if (this.#unwritten.length === 0) this.#oldestAt = performance.now()
    this.#unwritten.push(settlement)
    this.#writing ??= this.#begin(groupMs)
    return this.#unwritten.length > mostUnwritten ? this.#writing : undefined
  }

  /** Resolves when everything added is written. */
  async flush(): Promise<void> {
    while (this.#writing !== null || this.#unwritten.length > 0) await (this.#writing ??= this.#begin(0))
  }

  #begin(afterMs: number): Promise<void> {
    const writing = sleep(afterMs)
      .then(() => this.#writeAll())
      .finally(() => {
        this.#writing = null
      })
    // A failure leaves the group unwritten: the flush at the end tries again, and hears of it.
    writing.catch(() => {})
    return writing
  }

  async #writeAll(): Promise<void> {
    for (; this.#unwritten.length > 0; await sleep(groupMs)) {
      const group = this.#unwritten.splice(0)
      const since = this.#oldestAt
      this.#beingWritten = group.length
      try {
        await persistently(() => this.#write(group, (performance.now() - since) / 1000))
      } catch (error) {
        this.#unwritten = [...group, ...this.#unwritten]
        throw error
      } finally {
        this.#beingWritten = 0
      }
      this.#onWritten()
    }
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
