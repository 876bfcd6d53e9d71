import { type Claimed, type Claimer, type ClaimResult, claim, type DomainFilter } from '../db/claim.ts'
import type { Db } from '../db/connect.ts'
import type { Criteria } from '../db/criteria.ts'
import { release } from '../db/ledger.ts'
import { ClaimBuffer } from './claim-buffer.ts'
import type { Flow } from './flow.ts'
import type { Metrics } from './metrics.ts'
import type { Held, Pace } from './pace.ts'

/**
 * What a claim covers of sending, beside the time that the next claim takes. With what the connections hold, and what
 * is being settled, it is what a crash leaves `unknown`.
 */
const claimCoversSeconds = 0.015

/**
 * The next claim begins with so many times what is sent while one is made: more than once, so that the connections do
 * not run dry; and then the rate that this is reckoned by can rise to what the server takes.
 */
const margin = 2

/**
 * However slow claims are: with what is being settled, a crash must leave no more `unknown` than 50 ms of sending beside
 * what the connections hold. Where a claim takes longer than this, the connections do run dry.
 */
const mostAheadSeconds = 0.03

/** What settling takes as a rule. Where it takes longer, less is claimed ahead. */
const settlingSeconds = 0.02

/** Smaller claims cost several times as much by the row. */
const leastSeconds = 0.008

/** Beyond this a statement does not get cheaper by the row. */
const mostPerClaim = 1000

export interface ClaimsOptions {
  db: Db
  criteria: Criteria
  claimer: Claimer
  domains: DomainFilter
  pace: Pace
  flow: Flow
  /** Answers that are not in the ledger yet. */
  unwritten: () => number
  /** Messages that can be under way at once. */
  capacity: number
  metrics: Metrics
  /** Nothing more is to be claimed: another range may begin to. */
  onExhausted: () => void
}

/** A range's recipients, of some domains, as one attempt claims them. */
export class Claims {
  readonly #options: ClaimsOptions
  readonly #buffer: ClaimBuffer
  #from: number
  #givenBack = 0
  #held: Held | null = null
  #stopped: Promise<void> | null = null
  /** Called when something has come, or nothing more will. */
  onChange: () => void = () => {}

  constructor(options: ClaimsOptions) {
    this.#options = options
    this.#from = options.claimer.from
    this.#buffer = new ClaimBuffer({
      claimMore: (limit) => this.#claimMore(limit),
      wanted: (waiting) => this.#wanted(waiting),
      onChange: () => this.onChange(),
    })
  }

  /** The next recipient to send to; undefined when none is here now. @throws what a claim failed with. */
  next(): Claimed | undefined {
    return this.#buffer.next()
  }

  isExhausted(): boolean {
    return this.#buffer.isExhausted()
  }

  /** For whoever got nothing and has nothing under way: sees to it that `onChange` is called. */
  waitForMore(): void {
    if (!this.#buffer.isClaiming()) this.#options.flow.whenRoom(() => this.onChange())
  }

  /** The limit that ended this before the range was exhausted. */
  get held(): Held | null {
    return this.#held
  }

  /** Nothing was handed over for this recipient: it is queued again, for a later claim or the next round. */
  async giveBack(seq: number): Promise<void> {
    this.#givenBack += 1
    await this.#release([seq])
  }

  /** Claims nothing from now on, and gives back what nobody has begun to send. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    const left = await this.#buffer.stop()
    await this.#release(left.map(({ seq }) => seq))
    this.onChange()
  }

  async #release(seqs: number[]): Promise<void> {
    this.#options.flow.dropped(seqs.length)
    await release(this.#options.db, this.#options.claimer, seqs)
  }

  #wanted(waiting: number): number {
    const { flow, capacity, unwritten } = this.#options
    const sentMeanwhile = margin * flow.perSecond * flow.claimSeconds
    if (waiting > sentMeanwhile) return 0
    const ahead = Math.min(sentMeanwhile + flow.perSecond * claimCoversSeconds, flow.perSecond * mostAheadSeconds)
    const late = Math.max(0, unwritten() - flow.perSecond * settlingSeconds)
    const room = Math.floor(capacity + ahead - late) - flow.unanswered
    return room < flow.perSecond * leastSeconds ? 0 : Math.min(mostPerClaim, room)
  }

  async #claimMore(limit: number): Promise<ClaimResult> {
    const { pace } = this.#options
    const allowed = await pace.allow(limit)
    if (typeof allowed !== 'number') {
      this.#held = allowed
      return this.#exhausted()
    }
    if (allowed === 0) return this.#exhausted()
    const result = await this.#claim(allowed)
    await pace.giveBack(allowed - result.claimed.length)
    if (result.lastSeq !== null) return result
    if (this.#givenBack === 0) return this.#exhausted()
    // Behind us lies what was given back: once more through the range.
    this.#givenBack = 0
    this.#from = this.#options.claimer.from
    return this.#claimMore(limit)
  }

  async #claim(limit: number): Promise<ClaimResult> {
    const { db, criteria, claimer, domains, flow, metrics } = this.#options
    const startedAt = performance.now()
    const result = await claim(db, criteria, claimer, limit, { from: this.#from, domains })
    const seconds = (performance.now() - startedAt) / 1000
    metrics.seconds('claim', seconds)
    flow.claimTook(seconds)
    metrics.messages('skipped', result.skipped)
    flow.claimed(result.claimed.length)
    if (result.lastSeq !== null) this.#from = result.lastSeq + 1
    return result
  }

  #exhausted(): ClaimResult {
    this.#options.onExhausted()
    return { claimed: [], skipped: 0, lastSeq: null }
  }
}
