/** How the fault sink behaves. Its parent changes it while messages flow. */
export interface Behaviour {
  /** One that begins with a 4 or a 5 is followed by the end of the connection. */
  greeting: string
  /** The answer to AUTH, which is offered but not required. */
  login: string
  /** Between the dot of a message and its reply. */
  delayMs: number
  /** Replies leave in pieces of this many bytes, each in a segment of its own; null: whole. */
  pieceBytes: number | null
  refusals: Refused[]
  mishaps: Mishap[]
}

/** A refusal of some recipients: those whose address has a number that ends in this digit. */
export interface Refused {
  /** MAIL does not say for whom it is: there every tenth is refused. */
  at: 'MAIL' | 'RCPT' | 'message'
  digit: number
  reply: string
  times: 'first' | 'always'
}

/** What happens at the end of some messages instead of a reply. */
export interface Mishap {
  /**
   * - `drop`: the connection ends, the message was not taken.
   * - `take_and_drop`: it was taken, and the connection ends.
   * - `take_and_stammer`: it was taken, and the connection ends in the middle of the reply.
   * - `take_and_hang`: it was taken, and the connection says nothing any more.
   */
  kind: 'drop' | 'take_and_drop' | 'take_and_stammer' | 'take_and_hang'
  /** Every so many messages. */
  oneIn: number
}

export const harmless: Behaviour = {
  greeting: '220 sink ESMTP',
  login: '235 2.7.0 welcome',
  delayMs: 0,
  pieceBytes: null,
  refusals: [],
  mishaps: [],
}
