import type { Delivery, Line, LineEvents, Patience } from './line.ts'
import { openLine } from './open-line.ts'
import { outcomeOf, type SmtpError } from './outcome.ts'
import type { SmtpSettings } from './smtp-url.ts'

/** A line with what its renewal goes by. */
interface Kept {
  line: Line
  messages: number
  idleTicks: number
  next: () => Delivery | undefined
}

// Servers close what stands idle, some within half a minute; a message handed to a connection in that moment
// would come back as `unavailable`.
const longestIdleMs = 10_000

// Some servers count the messages of a connection and answer 421 at the limit. The common default where there is one
// is 1,000 (Exim); at a lower one a message comes back as `unavailable` now and then, and nothing is lost.
const messagesPerLine = 1_000

// RFC 5321 4.5.3.2: at least 5 minutes for MAIL and RCPT, 10 for the reply to the message.
const commandTimeoutMs = 300_000
const messageTimeoutMs = 600_000

// A server that lets us have fewer connections than we want is not asked for more all the time.
const restAfterRefusalMs = 10_000

const longestTickMs = 1_000

/** The open lines to one server. Opens them as messages wait, spreads the messages over them, and renews them. */
export class Lines {
  readonly #settings: SmtpSettings
  readonly #most: number
  readonly #waiting: Delivery[]
  readonly #kept = new Set<Kept>()
  readonly #tickMs: number
  readonly #patience: Patience
  #clock: NodeJS.Timeout | null = null
  #opening = 0
  #failures: SmtpError[] = []
  #restTicks = 0
  #isAwake = false
  #isClosed = false

  /** @param most lines at once. @param waiting messages in order; taken from its beginning. */
  constructor(settings: SmtpSettings, most: number, waiting: Delivery[]) {
    this.#settings = settings
    this.#most = most
    this.#waiting = waiting
    const { socketTimeout } = settings.connection
    this.#tickMs = Math.min(longestTickMs, (socketTimeout ?? commandTimeoutMs) / 4)
    this.#patience = {
      command: this.#ticks(socketTimeout ?? commandTimeoutMs),
      message: this.#ticks(socketTimeout ?? messageTimeoutMs),
    }
  }

  /**
   * Lets lines go on, after everything that this turn of the event loop brings: whoever hears of a message's fate may
   * hand in another one meanwhile, and its envelope leaves in one write with what is due.
   */
  wake(): void {
    if (this.#isAwake) return
    this.#isAwake = true
    setImmediate(() => this.#advance())
  }

  /** Lines with a message under way. */
  inUse(): number {
    return [...this.#kept].filter(({ line }) => !line.isIdle()).length
  }

  close(): void {
    this.#isClosed = true
    if (this.#clock !== null) clearInterval(this.#clock)
    for (const { line } of this.#kept)
      if (line.isIdle()) line.quit()
      else line.close()
  }

  #advance(): void {
    this.#isAwake = false
    if (this.#isClosed) return
    for (const kept of this.#kept) if (kept.line.isIdle()) this.#useOrLeave(kept)
    while (this.#mayOpen()) void this.#open()
    for (const { line, messages, next } of this.#kept) {
      // What a line that is being opened will take at once need not wait behind another message.
      const mayFollow = messages < messagesPerLine && this.#waiting.length > this.#opening
      line.advance(mayFollow ? next : nothing)
    }
  }

  #useOrLeave({ line, messages, next }: Kept): void {
    if (messages < messagesPerLine) line.advance(next)
    else line.quit()
  }

  #mayOpen(): boolean {
    // Beside lines that work we can wait; without one the messages want to know.
    const isResting = this.#restTicks > 0 && this.#kept.size > 0
    return !isResting && this.#opening < this.#waiting.length && this.#kept.size + this.#opening < this.#most
  }

  async #open(): Promise<void> {
    this.#opening += 1
    this.#clock ??= setInterval(() => this.#tick(), this.#tickMs).unref()
    let kept: Kept | null = null
    const events: LineEvents = {
      onReady: () => this.wake(),
      onEnd: () => {
        if (kept !== null) this.#kept.delete(kept)
        this.wake()
      },
    }
    try {
      const line = await openLine(this.#settings, events, this.#patience)
      kept = this.#keep(line)
    } catch (error) {
      this.#failures.push(error as SmtpError)
    }
    this.#opening -= 1
    if (this.#opening === 0) this.#judgeFailures()
    this.wake()
  }

  /** Each costs a message, so that somebody hears of it; unless there are lines that work and can carry it. */
  #judgeFailures(): void {
    const failures = this.#failures.splice(0)
    if (failures.length > 0 && this.#kept.size > 0) this.#restTicks = this.#ticks(restAfterRefusalMs)
    else for (const error of failures) this.#waiting.shift()?.settle(outcomeOf('connecting', error))
  }

  #keep(line: Line): Kept {
    const kept: Kept = {
      line,
      messages: 0,
      idleTicks: 0,
      next: () => {
        const delivery = this.#waiting.shift()
        if (delivery === undefined) return undefined
        kept.messages += 1
        kept.idleTicks = 0
        return delivery
      },
    }
    if (this.#isClosed) line.quit()
    else this.#kept.add(kept)
    return kept
  }

  #tick(): void {
    this.#restTicks = Math.max(0, this.#restTicks - 1)
    for (const kept of this.#kept) {
      kept.line.tick()
      kept.idleTicks = kept.line.isIdle() ? kept.idleTicks + 1 : 0
      if (kept.idleTicks > this.#ticks(longestIdleMs)) kept.line.quit()
    }
    // A rest may be over.
    if (this.#waiting.length > 0) this.wake()
  }

  #ticks(milliseconds: number): number {
    return Math.ceil(milliseconds / this.#tickMs)
  }
}

const nothing = (): undefined => undefined
