import type { Socket } from 'node:net'
import type { Accepted } from './accepted-log.ts'
import type { Desk } from './desk.ts'

const capabilities = ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES', 'AUTH PLAIN', 'SIZE 52428800']
const endOfData = Buffer.from('\r\n.\r\n')

/** One connection of a client's. Fast when nothing is to go wrong: a chunk of commands is answered with one write. */
export const serve = (socket: Socket, desk: Desk): Session => new Session(socket, desk)

class Session {
  readonly #socket: Socket
  readonly #desk: Desk
  #pending = Buffer.alloc(0)
  #replies = ''
  /** Waits before the reply to a message; what comes meanwhile is kept. */
  #isHeld = false
  #client = ''
  /** The envelope as far as it was accepted. */
  #hasSender = false
  #to: string | null = null
  /** Null outside of a message, 0 before its first byte. */
  #begunAt: number | null = null

  constructor(socket: Socket, desk: Desk) {
    this.#socket = socket.setNoDelay()
    this.#desk = desk
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
      this.#goOn()
    })
    const { greeting } = desk.behaviour
    if (greeting.startsWith('220')) this.#say(greeting)
    else socket.end(`${greeting}\r\n`)
    this.#flush()
  }

  #goOn(): void {
    while (
      !this.#isHeld &&
      !this.#socket.destroyed &&
      (this.#begunAt === null ? this.#readCommand() : this.#readMessage())
    ) {}
    this.#flush()
  }

  #readCommand(): boolean {
    const end = this.#pending.indexOf('\r\n')
    if (end === -1) return false
    const line = this.#pending.toString('latin1', 0, end)
    this.#pending = this.#pending.subarray(end + 2)
    this.#obey(line)
    return true
  }

  #obey(line: string): void {
    switch (line.slice(0, 4).toUpperCase()) {
      case 'EHLO':
        this.#client = line.slice(5)
        return this.#say(...capabilities.map((name) => `250-${name}`), '250 HELP')
      case 'AUTH':
        return this.#say(this.#desk.behaviour.login)
      case 'MAIL':
        return this.#onMail()
      case 'RCPT':
        return this.#onRecipient(/<(.*)>/.exec(line)?.[1] ?? '')
      case 'DATA':
        return this.#onData()
      case 'QUIT':
        this.#flush()
        return void this.#socket.end('221 2.0.0 bye\r\n')
      default:
        this.#forgetEnvelope()
        return this.#say('250 2.0.0 ok')
    }
  }

  #onMail(): void {
    this.#forgetEnvelope()
    const refused = this.#desk.refuseSender()
    this.#hasSender = refused === null
    this.#say(refused ?? '250 2.1.0 ok')
  }

  #onRecipient(to: string): void {
    if (!this.#hasSender) return this.#say('503 5.5.1 no sender')
    const refused = this.#desk.refuse('RCPT', to)
    if (refused === null) this.#to = to
    this.#say(refused ?? '250 2.1.5 ok')
  }

  #onData(): void {
    if (this.#to === null) return this.#say('503 5.5.1 no recipient')
    this.#begunAt = 0
    this.#say('354 go on')
  }

  #readMessage(): boolean {
    if (this.#begunAt === 0 && this.#pending.length > 0) this.#begunAt = this.#desk.now()
    const end = this.#pending.indexOf(endOfData)
    if (end === -1) return false
    const { delayMs } = this.#desk.behaviour
    if (delayMs === 0) this.#onMessage(end)
    else this.#hold(delayMs, () => this.#onMessage(end))
    return true
  }

  #hold(ms: number, then: () => void): void {
    this.#isHeld = true
    this.#flush()
    setTimeout(() => {
      this.#isHeld = false
      then()
      this.#goOn()
    }, ms)
  }

  #onMessage(end: number): void {
    const message = this.#take(end)
    const refused = this.#desk.refuse('message', message.to)
    if (refused !== null) return this.#say(refused)
    const mishap = this.#desk.nextMishap()
    if (mishap !== 'drop') this.#desk.accept(message)
    switch (mishap) {
      case null:
        return this.#say('250 2.0.0 Ok: queued as 4WfXyZ1')
      case 'drop':
      case 'take_and_drop':
        return void this.#socket.destroy()
      case 'take_and_stammer':
        this.#flush()
        return void this.#socket.end('250 2.0')
      case 'take_and_hang':
        this.#isHeld = true
    }
  }

  #take(end: number): Accepted {
    const text = this.#pending.toString('latin1', 0, end)
    const messageId = /^Message-ID: *(\S+)/im.exec(text)?.[1] ?? '-'
    const now = this.#desk.now()
    const message = {
      to: this.#to ?? '',
      messageId,
      client: this.#client,
      begunAt: this.#begunAt ?? 0,
      acceptedAt: now,
    }
    this.#pending = this.#pending.subarray(end + endOfData.length)
    this.#forgetEnvelope()
    return message
  }

  #forgetEnvelope(): void {
    this.#hasSender = false
    this.#to = null
    this.#begunAt = null
  }

  #say(...lines: string[]): void {
    this.#replies += `${lines.join('\r\n')}\r\n`
  }

  #flush(): void {
    const bytes = this.#replies
    this.#replies = ''
    if (bytes === '' || this.#socket.writableEnded) return
    const { pieceBytes } = this.#desk.behaviour
    if (pieceBytes === null) return void this.#socket.write(bytes)
    for (let at = 0; at < bytes.length; at += pieceBytes) this.#socket.write(bytes.slice(at, at + pieceBytes))
  }
}
