import type { Accepted } from './accepted-log.ts'
import { type Behaviour, harmless, type Mishap, type Refused } from './behaviour.ts'

/** What all connections of the sink share: how it behaves now, whom it has refused already, and its log. */
export class Desk {
  behaviour: Behaviour = harmless
  readonly accept: (message: Accepted) => void
  readonly #refusedOnce = new Set<string>()
  #senders = 0
  #messages = 0

  constructor(accept: (message: Accepted) => void) {
    this.accept = accept
  }

  /** Finer than a millisecond, and comparable between processes. */
  now(): number {
    return performance.timeOrigin + performance.now()
  }

  refuseSender(): string | null {
    this.#senders += 1
    const digit = this.#senders % 10
    return this.#refusalAt('MAIL', digit)?.reply ?? null
  }

  refuse(at: 'RCPT' | 'message', to: string): string | null {
    const found = this.#refusalAt(at, Number(/(\d)@/.exec(to)?.[1] ?? Number.NaN))
    if (found === undefined || (found.times === 'first' && this.#refusedOnce.has(to))) return null
    this.#refusedOnce.add(to)
    return found.reply
  }

  #refusalAt(at: Refused['at'], digit: number): Refused | undefined {
    return this.behaviour.refusals.find((each) => each.at === at && each.digit === digit)
  }

  nextMishap(): Mishap['kind'] | null {
    this.#messages += 1
    return this.behaviour.mishaps.find(({ oneIn }) => this.#messages % oneIn === 0)?.kind ?? null
  }
}
