import { createTransport } from 'nodemailer'

// nodemailer's pool with nothing to compose: one constant message.
// `node bench/senders/nodemailer-raw.ts <port> <messages> <connections> <bytes>` prints seconds and CPU as JSON.

const [port = 0, messages = 0, connections = 10, bytes = 4096] = process.argv.slice(2).map(Number)

const line = 'A line of a message, of the usual length and of no further interest.\r\n'
const raw = `Subject: floor\r\n\r\n${line.repeat(Math.ceil(bytes / line.length))}`
const envelope = { from: 'floor@bench.example', to: 'someone@bench.example' }
const transport = createTransport({
  host: '127.0.0.1',
  port,
  secure: false,
  pool: true,
  maxConnections: connections,
  maxMessages: Infinity,
})

let left = messages
async function lane(): Promise<void> {
  while (left > 0) {
    left -= 1
    await transport.sendMail({ envelope, raw })
  }
}

const started = performance.now()
const cpuBefore = process.cpuUsage()
await Promise.all(Array.from({ length: connections * 2 }, lane))
const { user, system } = process.cpuUsage(cpuBefore)
const seconds = (performance.now() - started) / 1000
transport.close()
process.stdout.write(`${JSON.stringify({ messages, seconds, cpuSeconds: (user + system) / 1e6 })}\n`)
