import { createTransport } from 'nodemailer'
import { compileTemplate } from '../../domain/template.ts'
import { content } from './message.ts'

// What a user would pick instead: nodemailer's pool, composing the same message with the same headers.
// `node bench/senders/nodemailer-pool.ts <port> <messages> <connections>` prints seconds and CPU as JSON.

const [port = 0, messages = 0, connections = 10] = process.argv.slice(2).map(Number)

const { subject, html, text } = content.en
const templates = {
  subject: compileTemplate(subject, 'subject', 'none'),
  html: compileTemplate(html, 'html', 'html'),
  text: compileTemplate(text, 'text', 'none'),
}
const transport = createTransport({
  host: '127.0.0.1',
  port,
  secure: false,
  pool: true,
  maxConnections: connections,
  maxMessages: Infinity,
})

async function send(index: number): Promise<void> {
  const url = `https://mail.bench.example/u/${String(index).padStart(46, 'x')}`
  const scope = {
    contact: {
      first_name: 'Ada',
      last_name: null,
      external_id: null,
      email: '',
      language: 'en',
      time_zone: null,
      attributes: { plan: 'pro', city: 'London' },
    },
    resource: { name: 'Bench' },
    campaign: { key: 'bench' },
    unsubscribe_url: url,
  }
  await transport.sendMail({
    from: { name: 'Bench News', address: 'news@bench.example' },
    to: { name: 'Ada', address: `c${index}@bench.example` },
    subject: templates.subject.render(scope),
    text: templates.text.render(scope),
    html: templates.html.render(scope),
    list: { id: { comment: 'Bench', url: 'news.bench.example' } },
    headers: {
      'List-Unsubscribe': { prepared: true, value: `<${url}>, <mailto:news@bench.example?subject=unsubscribe>` },
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      'Feedback-ID': 'bench:bench:addressee',
    },
  })
}

let next = 0
const lane = async (): Promise<void> => {
  while (next < messages) await send((next += 1))
}
const started = performance.now()
const cpuBefore = process.cpuUsage()
await Promise.all(Array.from({ length: connections * 2 }, lane))
const { user, system } = process.cpuUsage(cpuBefore)
transport.close()
process.stdout.write(
  `${JSON.stringify({ messages, seconds: (performance.now() - started) / 1000, cpuSeconds: (user + system) / 1e6 })}\n`,
)
