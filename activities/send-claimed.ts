import type { CompiledCampaign, Outcome, OutgoingMessage, Transport } from '../channels/channel.ts'
import type { SendingCampaign } from '../db/campaigns.ts'
import type { Claimed } from '../db/claim.ts'
import type { Settlement } from '../db/settle.ts'
import type { Claims } from './claims.ts'
import type { Flow } from './flow.ts'
import type { Halt } from './halting.ts'
import type { Metrics } from './metrics.ts'
import { settlementOf, templateFailed } from './settlement-of.ts'
import type { SettlementWriter } from './settlement-writer.ts'

export interface Sending {
  campaign: SendingCampaign
  compiled: CompiledCampaign
  transport: Transport
  claims: Claims
  writer: SettlementWriter
  flow: Flow
  metrics: Metrics
  /** Ends the attempt: nothing more is claimed, what is under way is finished. */
  halt: (why: Halt) => void
}

/**
 * Sends to the claimed recipients until there are no more, as many at once as the transport can keep under way.
 * @returns when every message that was begun has its fate added to the writer.
 */
export const sendClaimed = (sending: Sending): Promise<void> => new Sender(sending).run()

type Trouble = Extract<Outcome, { kind: 'unavailable' | 'misconfigured' }>

/** Every message costs what is done here: no timers, and no promise but the transport's. */
class Sender {
  readonly #sending: Sending
  readonly #end = Promise.withResolvers<void>()
  #underWay = 0
  #begun = 0
  #unreachableInARow = 0
  #hasFailed = false
  #error: unknown

  constructor(sending: Sending) {
    this.#sending = sending
  }

  run(): Promise<void> {
    this.#sending.claims.onChange = () => this.#goOn()
    this.#goOn()
    return this.#end.promise
  }

  #goOn(): void {
    if (!this.#hasFailed) this.#beginAsManyAsFit()
    if (this.#underWay > 0) return
    if (this.#hasFailed) this.#end.reject(this.#error)
    else if (this.#sending.claims.isExhausted()) this.#end.resolve()
    else this.#sending.claims.waitForMore()
  }

  #beginAsManyAsFit(): void {
    const { claims, transport } = this.#sending
    try {
      while (this.#underWay < transport.capacity) {
        const recipient = claims.next()
        if (recipient === undefined) return
        this.#begin(recipient)
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  #begin(recipient: Claimed): void {
    this.#underWay += 1
    try {
      const message = this.#sending.compiled.compose(recipient)
      if (message instanceof Promise) this.#handOverLater(message, recipient)
      else this.#handOver(message, recipient)
    } catch (error) {
      this.#settle(templateFailed(recipient, error))
    }
  }

  #handOverLater(message: Promise<OutgoingMessage>, recipient: Claimed): void {
    message.then(
      (composed) => this.#handOver(composed, recipient),
      (error: unknown) => {
        this.#settle(templateFailed(recipient, error))
        this.#goOn()
      },
    )
  }

  #handOver(message: OutgoingMessage, recipient: Claimed): void {
    this.#begun += 1
    const startedAt = (this.#begun & 31) === 0 ? performance.now() : 0
    void this.#sending.transport.send(message).then((outcome) => {
      if (startedAt > 0) this.#sending.metrics.seconds('send', (performance.now() - startedAt) / 1000)
      this.#onOutcome(outcome, recipient)
      this.#goOn()
    })
  }

  #onOutcome(outcome: Outcome, recipient: Claimed): void {
    if (outcome.kind === 'unavailable' || outcome.kind === 'misconfigured') return this.#onTrouble(outcome, recipient)
    this.#unreachableInARow = 0
    this.#settle(settlementOf(outcome, recipient, this.#sending.campaign))
  }

  #settle(settlement: Settlement): void {
    const { writer, flow } = this.#sending
    flow.answered()
    const room = writer.add(settlement)
    if (room === undefined) this.#underWay -= 1
    else this.#wait(room)
  }

  /**
   * The server's trouble costs no recipient an attempt. Connections that the server closed while they were idle are no
   * reason to stop; when more sends in a row have failed than there are connections, it is.
   */
  #onTrouble(trouble: Trouble, { seq }: Claimed): void {
    const { transport, claims, halt } = this.#sending
    this.#unreachableInARow += 1
    if (trouble.kind === 'misconfigured' || this.#unreachableInARow > transport.connections) halt(trouble)
    this.#wait(claims.giveBack(seq))
  }

  /** The message keeps its place meanwhile. */
  #wait(forWhat: Promise<void>): void {
    forWhat.then(
      () => {
        this.#underWay -= 1
        this.#goOn()
      },
      (error: unknown) => {
        this.#underWay -= 1
        this.#fail(error)
        this.#goOn()
      },
    )
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#error = error
  }
}
