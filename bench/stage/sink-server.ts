import { createServer, type Socket } from 'node:net'

// A mail server that accepts everything and keeps nothing: it speaks PIPELINING, answers a whole chunk of commands
// with one write, and looks into messages only for their end. Tells its port to its parent; asked anything, it
// tells how many messages it has accepted.
// `sink-server.ts <delay>`: milliseconds that it thinks about a message before it answers and reads on; 0: none.

const [delayMs = 0] = process.argv.slice(2).map(Number)

const greeting = '220 sink ESMTP\r\n'
const capabilities = '250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 52428800\r\n'
const endOfData = Buffer.from('\r\n.\r\n')

let accepted = 0

/** One connection. */
class Dialogue {
  readonly #socket: Socket
  #pending = Buffer.alloc(0)
  #replies = ''
  #inData = false
  #isThinking = false

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.write(greeting)
    socket.on('data', (chunk) => {
      this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
      this.#readOn()
    })
    socket.on('error', () => socket.destroy())
  }

  #readOn(): void {
    while (!this.#isThinking && (this.#inData ? this.#readData() : this.#readCommand())) {}
    if (this.#replies !== '') this.#socket.write(this.#replies)
    this.#replies = ''
  }

  #readCommand(): boolean {
    const end = this.#pending.indexOf('\r\n')
    if (end === -1) return false
    const verb = this.#pending.toString('latin1', 0, Math.min(4, end)).toUpperCase()
    this.#pending = this.#pending.subarray(end + 2)
    this.#inData = verb === 'DATA'
    this.#replies += replyTo(verb)
    return true
  }

  #readData(): boolean {
    const end = this.#pending.indexOf(endOfData)
    if (end === -1) {
      // All but the last bytes, which may be the beginning of the end.
      this.#pending = this.#pending.subarray(Math.max(0, this.#pending.length - endOfData.length))
      return false
    }
    this.#pending = this.#pending.subarray(end + endOfData.length)
    this.#inData = false
    if (delayMs > 0) this.#think()
    else this.#accept()
    return true
  }

  #think(): void {
    this.#isThinking = true
    setTimeout(() => {
      this.#isThinking = false
      this.#accept()
      this.#readOn()
    }, delayMs)
  }

  #accept(): void {
    accepted += 1
    this.#replies += `250 2.0.0 Ok: queued as ${accepted}\r\n`
  }
}

function replyTo(verb: string): string {
  if (verb === 'EHLO') return capabilities
  if (verb === 'DATA') return '354 go on\r\n'
  if (verb === 'QUIT') return '221 bye\r\n'
  return '250 ok\r\n'
}

const server = createServer((socket) => void new Dialogue(socket))
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : null })
})
process.on('message', () => process.send?.({ accepted }))
// The parent has gone: nobody asks any more.
process.on('disconnect', () => process.exit())
