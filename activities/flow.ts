import type { Id } from '../db/schema.ts'

/** Long enough to hold many answers, short enough that a change of the server's speed is soon known. */
const measuredMs = 100

const longestClaimSeconds = 0.25

/** How fast this process sends a campaign, and what it has claimed of it that has not been answered yet. */
export class Flow {
  /** Messages answered a second, lately. 0 until there is something to go by. */
  perSecond = 0
  /** Claimed: under way, or waiting for a connection. */
  unanswered = 0
  /** What a claim takes, lately. */
  claimSeconds = 0.005
  #answered = 0
  #waitingForRoom: (() => void)[] = []
  #since = { at: performance.now(), answered: 0 }

  claimed(recipients: number): void {
    this.unanswered += recipients
  }

  claimTook(seconds: number): void {
    // A moment in which Postgres stood still must not have us claim for minutes.
    this.claimSeconds += 0.2 * (Math.min(seconds, longestClaimSeconds) - this.claimSeconds)
  }

  answered(): void {
    this.unanswered -= 1
    this.#answered += 1
    this.#tellOfRoom()
    // The clock is read once in 16 messages: it costs as much as the rest of this.
    if ((this.#answered & 15) === 0) this.#measure()
  }

  /** Answers stand in the ledger: so much less would a crash leave unknown. */
  settled(): void {
    this.#tellOfRoom()
  }

  /** Claims that come to nothing here: given back, or left to the next attempt. */
  dropped(recipients: number): void {
    this.unanswered -= recipients
    this.#tellOfRoom()
  }

  /**
   * Calls back, once, when something has been answered, settled or dropped. For a range that has nothing under way: what
   * takes the room that it waits for is another range's, and nothing else would wake it.
   */
  whenRoom(callBack: () => void): void {
    this.#waitingForRoom.push(callBack)
  }

  #tellOfRoom(): void {
    if (this.#waitingForRoom.length > 0) for (const callBack of this.#waitingForRoom.splice(0)) queueMicrotask(callBack)
  }

  #measure(): void {
    const at = performance.now()
    const elapsedMs = at - this.#since.at
    if (elapsedMs < measuredMs) return
    this.perSecond = (1000 * (this.#answered - this.#since.answered)) / elapsedMs
    this.#since = { at, answered: this.#answered }
  }
}

/** The flows of the campaigns that this process sends. Ranges of a campaign, one after the other, share one. */
export class Flows {
  readonly #flows = new Map<Id, { flow: Flow; users: number }>()

  /** @returns the flow, and how to leave it. */
  join(campaignId: Id): { flow: Flow; leave: () => void } {
    const entry = this.#flows.get(campaignId) ?? { flow: new Flow(), users: 0 }
    entry.users += 1
    this.#flows.set(campaignId, entry)
    const leave = (): void => {
      entry.users -= 1
      if (entry.users === 0) this.#flows.delete(campaignId)
    }
    return { flow: entry.flow, leave }
  }
}
