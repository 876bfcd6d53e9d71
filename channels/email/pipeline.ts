import type { Socket } from 'node:net'
import { envelopeOf } from './envelope.ts'
import type { Extensions } from './extensions.ts'
import { type Delivery, type Line, type LineEvents, longestGoodbyeMs, type Patience } from './line.ts'
import { mailDataOf } from './mail-data.ts'
import { accepted, outcomeOf, type Phase, type SmtpError } from './outcome.ts'
import { createReplyReader } from './reply-reader.ts'

/** What comes next for a message: the reply to a command, our own writing after the 354, or the last reply. */
type Step = 'RSET' | 'MAIL FROM' | 'RCPT TO' | 'DATA' | 'our data' | 'writing' | 'message'

/** The first digit of the reply that lets the dialogue go on. None is expected while it is our turn. */
const expected: Record<Step, number | null> = {
  RSET: 2,
  'MAIL FROM': 2,
  'RCPT TO': 2,
  DATA: 3,
  'our data': null,
  writing: null,
  message: 2,
}

const following: Record<Exclude<Step, 'message'>, Step> = {
  RSET: 'MAIL FROM',
  'MAIL FROM': 'RCPT TO',
  'RCPT TO': 'DATA',
  DATA: 'our data',
  'our data': 'message',
  writing: 'message',
}

/** A message on its way. */
interface Exchange {
  delivery: Delivery
  next: Step
  phase: Exclude<Phase, 'connecting'>
  /** Where it was refused. Its fate is known then; what is still to come of the dialogue is read and changes nothing. */
  refused: Step | null
}

/** A longer message is written in pieces: until the last one has gone, the dot is known not to have left. */
const pieceLength = 65_536

/** A line that sends commands in groups (RFC 2920), the envelope of the next message right behind a message. */
export const createPipeline = (socket: Socket, extensions: Extensions, events: LineEvents, patience: Patience): Line =>
  new Pipeline(socket, extensions, events, patience)

class Pipeline implements Line {
  readonly #socket: Socket
  readonly #extensions: Extensions
  readonly #events: LineEvents
  readonly #patience: Patience
  readonly #replies = createReplyReader((code, text) => this.#onReply(code, text))
  /** Whose replies come now, and the one whose envelope is behind it on the wire. */
  #exchanges: Exchange[] = []
  #needsReset = false
  #quietTicks = 0
  #isLeaving = false
  #hasEnded = false

  constructor(socket: Socket, extensions: Extensions, events: LineEvents, patience: Patience) {
    this.#socket = socket
    this.#extensions = extensions
    this.#events = events
    this.#patience = patience
    // One character a byte: a reply may be split within a letter.
    socket.on('data', (bytes: Buffer) => {
      this.#replies.read(bytes.toString('latin1'))
      events.onReady()
    })
    socket.on('error', (error) => this.#end(error.message))
    socket.on('end', () => this.#onServerEnd())
    socket.on('close', () => this.#onServerEnd())
  }

  isIdle(): boolean {
    return this.#exchanges.length === 0 && !this.#isLeaving && !this.#hasEnded
  }

  /** One write for all of it: a message and the envelope behind it leave together. */
  advance(next: () => Delivery | undefined): void {
    const first = this.#exchanges[0]
    let bytes = first?.next === 'our data' ? this.#dataOf(first) : ''
    const delivery = this.#hasRoom() ? next() : undefined
    if (delivery !== undefined) bytes += this.#begin(delivery)
    if (bytes !== '') this.#socket.write(bytes, 'latin1')
  }

  tick(): void {
    const [first] = this.#exchanges
    if (first === undefined) return
    this.#quietTicks += 1
    const limit = first.next === 'message' ? this.#patience.message : this.#patience.command
    if (this.#quietTicks > limit) this.#end('The server has not answered in time')
  }

  quit(): void {
    this.#isLeaving = true
    this.#socket.write('QUIT\r\n', 'latin1')
    setTimeout(() => this.close(), longestGoodbyeMs).unref()
  }

  close(): void {
    this.#end('The connection was closed')
  }

  /** A second message waits for the first one's last reply on the wire, never here: it could go by another line. */
  #hasRoom(): boolean {
    const [first, second] = this.#exchanges
    if (first === undefined) return this.isIdle()
    return first.next === 'message' && second === undefined && !this.#hasEnded
  }

  #begin(delivery: Delivery): string {
    if (this.#exchanges.length === 0) this.#quietTicks = 0
    const reset = this.#needsReset ? 'RSET\r\n' : ''
    this.#needsReset = false
    const next = reset === '' ? 'MAIL FROM' : 'RSET'
    this.#exchanges.push({ delivery, next, phase: 'envelope', refused: null })
    return reset + envelopeOf(delivery.message, this.#extensions)
  }

  /** What follows the server's 354. Nothing, when it is so long that it has to be written in pieces. */
  #dataOf(exchange: Exchange): string {
    this.#quietTicks = 0
    // RFC 2920 3.1: a server may take DATA although no recipient is left; the dot alone ends it.
    const data = exchange.refused !== null ? '.\r\n' : mailDataOf(exchange.delivery.message.raw)
    if (data.length > pieceLength) {
      exchange.phase = 'body'
      exchange.next = 'writing'
      this.#writePieces(exchange, data, 0)
      return ''
    }
    // What the socket has taken whole may arrive whole.
    exchange.phase = 'handed_over'
    exchange.next = 'message'
    return data
  }

  #writePieces(exchange: Exchange, data: string, from: number): void {
    if (this.#hasEnded) return
    this.#quietTicks = 0
    const to = from + pieceLength
    if (to >= data.length) {
      exchange.phase = 'handed_over'
      exchange.next = 'message'
      this.#events.onReady()
    }
    const isThrough = this.#socket.write(data.slice(from, to), 'latin1')
    if (to >= data.length) return
    if (isThrough) this.#writePieces(exchange, data, to)
    else this.#socket.once('drain', () => this.#writePieces(exchange, data, to))
  }

  #onReply(code: number, reply: string): void {
    const [exchange] = this.#exchanges
    // Nobody has asked: the server takes its leave, or answers QUIT.
    if (exchange === undefined) return this.#end('The server has closed the connection')
    this.#quietTicks = 0
    if (code >= 400) this.#onRefusal(exchange, code, reply)
    else if (expected[exchange.next] === Math.trunc(code / 100)) this.#onConsent(exchange, reply)
    else this.#end(reply)
  }

  #onConsent(exchange: Exchange, reply: string): void {
    if (exchange.next === 'message') {
      this.#exchanges.shift()
      if (exchange.refused === null) exchange.delivery.settle(accepted(reply))
    } else if (exchange.next === 'DATA' && exchange.refused === 'MAIL FROM') {
      // A server that takes a message without a sender might bring it to somebody.
      this.#end(reply)
    } else exchange.next = following[exchange.next]
  }

  #onRefusal(exchange: Exchange, code: number, reply: string): void {
    const { next, refused } = exchange
    // It goes before the envelope: nothing of this message has been judged.
    if (next === 'RSET') return this.#end(reply)
    if (refused === null) this.#refuse(exchange, { message: reply, response: reply, responseCode: code, command: next })
    // 421 closes the connection whatever it answers (RFC 5321 4.2.1), and 503 without a reason is out of step.
    const isInStep = code !== 421 && (code !== 503 || refused !== null)
    if (!isInStep || expected[next] === null) return this.#end(reply)
    if (next === 'MAIL FROM' || next === 'RCPT TO') exchange.next = following[next]
    else this.#exchanges.shift()
    // The server may still hold the sender and would refuse another.
    if (next === 'DATA') this.#needsReset = true
  }

  #refuse(exchange: Exchange, error: SmtpError): void {
    exchange.refused = exchange.next
    exchange.delivery.settle(outcomeOf(exchange.phase, error))
  }

  /** The end of the server's side. A refusal that it cut off still says something about the message it was for. */
  #onServerEnd(): void {
    const rest = this.#replies.rest()
    const [exchange] = this.#exchanges
    const isRefusal = /^[45]\d\d[ -]/.test(rest)
    if (isRefusal && exchange !== undefined && exchange.refused === null && exchange.next !== 'RSET')
      this.#refuse(exchange, {
        message: rest,
        response: rest,
        responseCode: Number(rest.slice(0, 3)),
        command: 'CONN',
      })
    this.#end('The connection was closed')
  }

  #end(message: string): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#socket.destroy()
    for (const { delivery, phase, refused } of this.#exchanges.splice(0))
      if (refused === null) delivery.settle(outcomeOf(phase, { message }))
    this.#events.onEnd()
  }
}
