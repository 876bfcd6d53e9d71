import { createSmtpTransport } from '../../channels/email/transport.ts'

// The product's transport alone: one constant message, composed before, as many at once as there is room for.
// `node bench/senders/transport-sender.ts <port> <messages> <connections> <bytes>` prints seconds and CPU as JSON.

const [port = 0, messages = 0, connections = 10, bytes = 4096] = process.argv.slice(2).map(Number)

const line = 'A line of a message, of the usual length and of no further interest.\r\n'
const raw = `Subject: floor\r\n\r\n${line.repeat(Math.ceil(bytes / line.length))}`
const transport = createSmtpTransport({ url: `smtp://127.0.0.1:${port}`, connections })

let left = messages
async function lane(): Promise<void> {
  while (left > 0) {
    left -= 1
    const outcome = await transport.send({ from: 'floor@bench.example', to: 'someone@bench.example', raw })
    if (outcome.kind !== 'accepted') throw new Error(outcome.response)
  }
}

const started = performance.now()
const cpuBefore = process.cpuUsage()
await Promise.all(Array.from({ length: transport.capacity }, lane))
const { user, system } = process.cpuUsage(cpuBefore)
const seconds = (performance.now() - started) / 1000
transport.close()
process.stdout.write(`${JSON.stringify({ messages, seconds, cpuSeconds: (user + system) / 1e6 })}\n`)
