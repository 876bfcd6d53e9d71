import { once } from 'node:events'

/** Lets one at a time go on for each key, in the order in which they asked. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  /** @returns how to end the turn, which does no harm twice; null when the signal came before it. */
  async take(key: string, signal: AbortSignal): Promise<(() => void) | null> {
    const before = this.#last.get(key)
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    // Whoever comes next waits for everybody before, also when this one gives up waiting.
    const last = Promise.all([before, ended])
    this.#last.set(key, last)
    void last.then(() => {
      if (this.#last.get(key) === last) this.#last.delete(key)
    })
    if (!signal.aborted) await Promise.race([before, once(signal, 'abort')])
    if (!signal.aborted) return end
    end()
    return null
  }
}
