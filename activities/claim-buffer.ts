import type { Claimed, ClaimResult } from '../db/claim.ts'

/**
 * Claimed recipients on their way to the connections. Claims ahead: while the last messages of one claim are sent,
 * the next claim is under way.
 */
export class ClaimBuffer {
  readonly #claimMore: (limit: number) => Promise<ClaimResult>
  readonly #wanted: (waiting: number) => number
  readonly #onChange: () => void
  #waiting: Claimed[] = []
  #claiming: Promise<void> | null = null
  #hasEnded = false
  #error: unknown = null

  /**
   * @param options.claimMore an answer without any recipient, claimed or skipped, means that there are no more.
   * @param options.wanted how many to claim now, when so many are waiting; 0 for none.
   * @param options.onChange called when something has come, or nothing more will.
   */
  constructor(options: {
    claimMore: (limit: number) => Promise<ClaimResult>
    wanted: (waiting: number) => number
    onChange: () => void
  }) {
    this.#claimMore = options.claimMore
    this.#wanted = options.wanted
    this.#onChange = options.onChange
  }

  /** The next recipient to send to; undefined when none is here now. @throws what a claim failed with. */
  next(): Claimed | undefined {
    this.#refill()
    const next = this.#waiting.shift()
    if (next === undefined && this.#error !== null) throw this.#error
    return next
  }

  /** A claim is under way: `onChange` will be called. */
  isClaiming(): boolean {
    return this.#claiming !== null
  }

  /** Nothing is here, and nothing more will come. */
  isExhausted(): boolean {
    return this.#hasEnded && this.#claiming === null && this.#waiting.length === 0
  }

  /** Claims nothing from now on, and hands out what is still here. */
  async stop(): Promise<Claimed[]> {
    this.#hasEnded = true
    await this.#claiming
    return this.#waiting.splice(0)
  }

  #refill(): void {
    if (this.#hasEnded || this.#claiming !== null) return
    const limit = this.#wanted(this.#waiting.length)
    if (limit > 0) this.#claiming = this.#claim(limit)
  }

  async #claim(limit: number): Promise<void> {
    try {
      const { claimed, skipped } = await this.#claimMore(limit)
      if (claimed.length + skipped === 0) this.#hasEnded = true
      this.#waiting.push(...claimed)
    } catch (error) {
      this.#hasEnded = true
      this.#error = error
    }
    this.#claiming = null
    this.#onChange()
  }
}
