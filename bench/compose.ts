import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import MailComposer from 'nodemailer/lib/mail-composer'
import type { Content, OutgoingMessage, Recipient, Sender } from '../channels/channel.ts'
import { compileCampaign } from '../channels/email/compile.ts'
import { loadMessageFolder } from '../client/message-folder.ts'
import { createTokens } from '../domain/link-token.ts'
import { compileTemplate } from '../domain/template.ts'
import { content } from './senders/message.ts'
import { median, round2 } from './stage/figures.ts'

/** As many as two ranges keep under way over ten connections. */
const atOnce = 40
const publicUrl = 'https://mail.bench.example'

type Compose = (recipient: Recipient) => unknown

const sender: Sender = {
  name: 'Bench',
  fromName: 'Bench News',
  fromAddress: 'news@bench.example',
  replyTo: null,
  replyToName: null,
  listLabel: 'Bench',
  listUnsubscribe: true,
  listId: 'news.bench.example',
  dkim: null,
}

const recipientOf = (seq: number): Recipient => ({
  seq,
  contactId: String(seq),
  address: `c${seq}@bench.example`,
  firstName: 'Ada',
  lastName: 'Lovelace',
  externalId: null,
  language: 'en',
  timeZone: null,
  attributes: { plan: 'pro', city: 'London' },
})

function addressee(message: Content, dkim: Sender['dkim'] = null): Compose {
  const campaign = {
    campaignId: '42',
    campaignKey: 'bench',
    defaultLanguage: 'en',
    publicUrl,
    subscriptionDefaults: {},
  }
  const compiled = compileCampaign(
    { ...campaign, sender: { ...sender, dkim }, content: new Map([['en', message]]) },
    createTokens(['a secret of the benchmark']),
  )
  // As bytes: the string alone would be put together only when it is written.
  const bytesOf = ({ raw }: OutgoingMessage): Buffer => Buffer.from(raw.toString(), 'latin1')
  return (recipient) => {
    const message = compiled.compose(recipient)
    return message instanceof Promise ? message.then(bytesOf) : bytesOf(message)
  }
}

function nodemailer({ subject, text, html }: Content): Compose {
  const templates = {
    subject: compileTemplate(subject, 'subject', 'none'),
    text: compileTemplate(text, 'text', 'none'),
    html: compileTemplate(html ?? '', 'html', 'html'),
  }
  return (recipient) => {
    const unsubscribeUrl = `${publicUrl}/u/${String(recipient.seq).padStart(46, 'x')}`
    const scope = {
      contact: {
        first_name: recipient.firstName,
        last_name: recipient.lastName,
        external_id: recipient.externalId,
        email: recipient.address,
        language: recipient.language,
        time_zone: recipient.timeZone,
        attributes: recipient.attributes,
      },
      resource: { name: sender.name },
      campaign: { key: 'bench' },
      unsubscribe_url: unsubscribeUrl,
      preferences_url: `${publicUrl}/p/${String(recipient.seq).padStart(46, 'x')}`,
    }
    const composer = new MailComposer({
      from: { name: sender.fromName, address: sender.fromAddress },
      to: { name: `${recipient.firstName} ${recipient.lastName}`, address: recipient.address },
      subject: templates.subject.render(scope),
      text: templates.text.render(scope),
      html: templates.html.render(scope),
      list: { id: { comment: sender.listLabel, url: sender.listId } },
      headers: {
        'List-Unsubscribe': { prepared: true, value: `<${unsubscribeUrl}>, <mailto:${sender.fromAddress}>` },
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
        'Feedback-ID': '42:news.bench.example:addressee',
      },
    })
    return composer.compile().build()
  }
}

interface Cost {
  cpuMicroseconds: number
  threadMicroseconds: number
  messagesPerSecond: number
}

async function costOf(compose: Compose, messages: number): Promise<Cost> {
  const [cpu, thread, start] = [process.cpuUsage(), process.threadCpuUsage(), performance.now()]
  await composeAll(compose, messages)
  const seconds = (performance.now() - start) / 1_000
  const perMessage = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / messages
  return {
    cpuMicroseconds: perMessage(process.cpuUsage(cpu)),
    threadMicroseconds: perMessage(process.threadCpuUsage(thread)),
    messagesPerSecond: messages / seconds,
  }
}

async function composeAll(compose: Compose, messages: number): Promise<void> {
  let seq = 0
  const lane = async (): Promise<void> => {
    while (seq < messages) {
      seq += 1
      const composed = compose(recipientOf(seq))
      if (composed instanceof Promise) await composed
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}

/** What it is measured on, and how many messages a round. */
type Candidates = Record<string, [Compose, messages: number]>

async function measure(candidates: Candidates, rounds: number): Promise<Record<string, Cost>> {
  const results = new Map(Object.keys(candidates).map((name) => [name, [] as Cost[]]))
  for (let round = 0; round <= rounds; round += 1)
    for (const [name, [compose, messages]] of Object.entries(candidates)) {
      const cost = await costOf(compose, messages)
      // The first round only warms up.
      if (round > 0) results.get(name)?.push(cost)
    }
  return Object.fromEntries([...results].map(([name, costs]) => [name, medianOf(costs)]))
}

const medianOf = (costs: Cost[]): Cost => ({
  cpuMicroseconds: round1(median(costs.map((cost) => cost.cpuMicroseconds))),
  threadMicroseconds: round1(median(costs.map((cost) => cost.threadMicroseconds))),
  messagesPerSecond: Math.round(median(costs.map((cost) => cost.messagesPerSecond))),
})

const round1 = (value: number): number => Math.round(10 * value) / 10

async function loadNewsletter(): Promise<Content> {
  const folder = fileURLToPath(new URL('../dev/sample/newsletter', import.meta.url))
  const { en } = await loadMessageFolder(folder)
  if (en === undefined) throw new Error('the sample newsletter has no English')
  return en
}

const signedBy = ({ privateKey }: { privateKey: KeyObject }): Sender['dkim'] => ({
  domain: 'bench.example',
  selector: 's1',
  privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
})

/**
 * What it costs to write one recipient's message, without network, and for nodemailer's composer with the same
 * templates, alternating: `cpuMicroseconds` of all threads for a message; `threadMicroseconds` of them on the thread
 * that sends, of which a worker has one; `messagesPerSecond` of wall time, which is more than one thread can do where
 * another core signs.
 */
export async function compose({ rounds }: { rounds: number }): Promise<object> {
  const newsletter = await loadNewsletter()
  const candidates: Candidates = {
    message: [addressee(content.en), 20_000],
    messageNodemailer: [nodemailer(content.en), 1_000],
    newsletter: [addressee(newsletter), 5_000],
    newsletterNodemailer: [nodemailer(newsletter), 500],
    messageWithDkimRsa: [addressee(content.en, signedBy(generateKeyPairSync('rsa', { modulusLength: 2048 }))), 2_000],
    messageWithDkimEd25519: [addressee(content.en, signedBy(generateKeyPairSync('ed25519'))), 5_000],
  }
  const costs = await measure(candidates, rounds)
  const cpuOf = (name: string): number => costs[name]?.cpuMicroseconds ?? Number.NaN
  const times = (name: string) => round2(cpuOf(`${name}Nodemailer`) / cpuOf(name))
  const timesCheaper = { message: times('message'), newsletter: times('newsletter') }
  return { benchmark: 'compose', rounds, atOnce, costs, timesCheaper }
}
