import { connect } from 'node:net'

// The floor: a bare client that sends one constant message over PIPELINING connections and counts the replies.
// `node bench/senders/floor.ts <port> <messages> <connections> <bytes>` prints seconds and CPU as JSON.

const [port = 0, messages = 0, connections = 10, bytes = 4096] = process.argv.slice(2).map(Number)

const body = `Subject: floor\r\n\r\n${'A line of a message, of the usual length and of no further interest.\r\n'.repeat(Math.ceil(bytes / 70))}.\r\n`
const envelope = 'MAIL FROM:<floor@bench.example>\r\nRCPT TO:<someone@bench.example>\r\nDATA\r\n'
// RFC 2920: the next envelope may travel right behind the body.
const step = Buffer.from(body + envelope)

function lane(count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.setNoDelay(true)
    let left = count
    let greeted = false
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1')
      if (!greeted) {
        if (text.startsWith('220')) socket.write('EHLO bench\r\n')
        if (text.includes('250 SIZE')) {
          greeted = true
          socket.write(envelope)
        }
        return
      }
      // Not before the answer to the last message: the server may think about it.
      if (text.includes('221 ')) socket.end()
      if (!text.includes('354')) return
      left -= 1
      socket.write(left > 0 ? step : `${body}QUIT\r\n`)
    })
    socket.on('close', () => resolve())
    socket.on('error', reject)
  })
}

const started = performance.now()
const cpuBefore = process.cpuUsage()
await Promise.all(Array.from({ length: connections }, () => lane(Math.ceil(messages / connections))))
const { user, system } = process.cpuUsage(cpuBefore)
process.stdout.write(
  `${JSON.stringify({ messages, seconds: (performance.now() - started) / 1000, cpuSeconds: (user + system) / 1e6 })}\n`,
)
