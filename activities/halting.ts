/** Why an attempt ends before its range does. */
export type Halt =
  | { kind: 'stopping' }
  | { kind: 'cancelled' }
  | { kind: 'unavailable'; response: string }
  | { kind: 'misconfigured'; response: string }
  /** The row says that the campaign is paused, or over. */
  | { kind: 'not_sending' }
  /** Others may go on: it has had its time, or what it was begun with has changed. */
  | { kind: 'turn_over' }

/** Ends an attempt early, for the first of several reasons, from inside or from outside. */
export class Halting implements Disposable {
  readonly #controller = new AbortController()
  readonly #listeners = new AbortController()
  #reason: Halt | null = null

  /** Aborts with the first reason. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get reason(): Halt | null {
    return this.#reason
  }

  readonly halt = (why: Halt): void => {
    if (this.#reason !== null) return
    this.#reason = why
    this.#controller.abort()
  }

  haltOn(signal: AbortSignal, why: Halt): void {
    if (signal.aborted) this.halt(why)
    else signal.addEventListener('abort', () => this.halt(why), { signal: this.#listeners.signal })
  }

  [Symbol.dispose](): void {
    this.#listeners.abort()
  }
}
