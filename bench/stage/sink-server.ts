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

function serve(socket: Socket): void {
  socket.setNoDelay(true)
  socket.write(greeting)
  let pending = Buffer.alloc(0)
  let replies = ''
  let inData = false
  let isThinking = false

  const accept = (): void => {
    accepted += 1
    replies += `250 2.0.0 Ok: queued as ${accepted}\r\n`
  }
  const thinkAbout = (): void => {
    isThinking = true
    setTimeout(() => {
      isThinking = false
      accept()
      readOn()
    }, delayMs)
  }
  const readData = (): boolean => {
    const end = pending.indexOf(endOfData)
    if (end === -1) {
      // All but the last bytes, which may be the beginning of the end.
      pending = pending.subarray(Math.max(0, pending.length - endOfData.length))
      return false
    }
    pending = pending.subarray(end + endOfData.length)
    inData = false
    if (delayMs > 0) thinkAbout()
    else accept()
    return true
  }
  const readCommand = (): boolean => {
    const end = pending.indexOf('\r\n')
    if (end === -1) return false
    const verb = pending.toString('latin1', 0, Math.min(4, end)).toUpperCase()
    pending = pending.subarray(end + 2)
    inData = verb === 'DATA'
    replies += replyTo(verb)
    return true
  }
  const readOn = (): void => {
    while (!isThinking && (inData ? readData() : readCommand())) {}
    if (replies !== '') socket.write(replies)
    replies = ''
  }
  socket.on('data', (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    readOn()
  })
  socket.on('error', () => socket.destroy())
}

function replyTo(verb: string): string {
  if (verb === 'EHLO') return capabilities
  if (verb === 'DATA') return '354 go on\r\n'
  if (verb === 'QUIT') return '221 bye\r\n'
  return '250 ok\r\n'
}

const server = createServer(serve)
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : null })
})
process.on('message', () => process.send?.({ accepted }))
// The parent has gone: nobody asks any more.
process.on('disconnect', () => process.exit())
