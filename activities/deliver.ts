import { setTimeout as sleep } from 'node:timers/promises'
import { type DueDelivery, dueDeliveries, type Target, targetOf } from '../db/deliveries.ts'
import { type Delivering, postEvent } from './post-event.ts'

/** Posts under way at a time; never two of one contact. */
const lanes = 8

/** As much as is fetched at a time: what changes meanwhile (a disabled webhook, a new URL) holds for what comes after. */
const portion = 16

/** Where nothing is due it is looked for after half a second, then less often, every two seconds in the end. */
const shortestPauseMs = 500
const longestPauseMs = 2000

/** Where nobody answers, a hundred thousand events are not thrown at him as fast as he refuses them. */
const restAfterFailuresMs = 1000

/**
 * Posts what is due, and what becomes due, until told to end; then waits for what is under way.
 * @returns why there is nothing to deliver any more; null when it was told to end.
 */
export async function deliverUntil(end: AbortSignal, context: Delivering): Promise<'disabled' | 'deleted' | null> {
  const posts = new Posts(context)
  let pauseMs = shortestPauseMs
  try {
    while (!end.aborted && posts.failure === null) {
      const target = await targetOf(context.db, context.deliverer)
      // Or another deliverer has taken over: then Temporal does not listen to this one any more.
      if (target === undefined) return 'deleted'
      if (target.isDisabled) return 'disabled'
      const due = await dueDeliveries(context.db, context.deliverer, posts.underWay, portion)
      await posts.begin(due, target, end)
      if (posts.failuresInARow >= lanes) await pause(restAfterFailuresMs, end)
      pauseMs = due.length > 0 ? shortestPauseMs : Math.min(pauseMs * 1.2, longestPauseMs)
      if (due.length === 0) await Promise.race([posts.nextEnd(), pause(pauseMs, end)])
    }
  } finally {
    await posts.allEnds()
  }
  if (posts.failure !== null) throw posts.failure
  return null
}

const pause = (ms: number, end: AbortSignal): Promise<void> => sleep(ms, undefined, { signal: end }).catch(() => {})

/** The posts under way. */
class Posts {
  /** Why an attempt could not be recorded. */
  failure: Error | null = null
  /** Attempts that failed since the latest success. */
  failuresInARow = 0
  readonly #context: Delivering
  readonly #ends = new Map<string, Promise<void>>()
  /** The receiver wants nothing more for now. */
  #isHalted = false

  constructor(context: Delivering) {
    this.#context = context
  }

  get underWay(): string[] {
    return [...this.#ends.keys()]
  }

  /** Begins with each as a lane becomes free. Those with which it must not begin any more stay due. */
  async begin(due: DueDelivery[], target: Target, end: AbortSignal): Promise<void> {
    this.#isHalted = false
    for (const delivery of due) {
      if (this.#ends.size >= lanes) await this.nextEnd()
      if (end.aborted || this.#isHalted || this.failure !== null) return
      this.#ends.set(delivery.eventId, this.#post(delivery, target))
    }
  }

  /** Never, when nothing is under way. */
  nextEnd(): Promise<void> {
    return Promise.race(this.#ends.values())
  }

  async allEnds(): Promise<void> {
    await Promise.all(this.#ends.values())
  }

  /** Fails never: nobody may be waiting at that moment. */
  async #post(delivery: DueDelivery, target: Target): Promise<void> {
    try {
      const { isDelivered, maySendMore } = await postEvent(delivery, target, this.#context)
      this.failuresInARow = isDelivered ? 0 : this.failuresInARow + 1
      this.#isHalted ||= !maySendMore
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error))
    } finally {
      this.#ends.delete(delivery.eventId)
    }
  }
}
