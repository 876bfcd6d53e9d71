import { Readable } from 'node:stream'
import PostalMime from 'postal-mime'
import { beforeAll, expect, test } from 'vitest'
import { createEmailChannel } from '../../channels/email/email-channel.ts'
import { createTokens } from '../../domain/link-token.ts'
import { createLogger } from '../../http/logger.ts'
import { startHttp } from '../../http/main.ts'
import { rsaKey } from '../setup/dkim-keys.ts'
import { dkimVerdict } from '../setup/dkim-verdict.ts'
import { createInstallation, type Installation } from '../setup/installation.ts'
import { type MailSink, startMailSink } from '../setup/mail-sink.ts'
import { secret } from '../setup/spawned-worker.ts'

// The whole of it, nothing replaced: a file of contacts, a campaign, mail over SMTP, the mail client's own
// unsubscribe button, and the next campaign.

const csv = [
  'ID,E-Mail,First name,Language,Topics,Unsubscribed',
  '1,ada@example.com,Ada,en,news;offers,no',
  '2,GRETE@bücher.example,"Grete ""Käthe"" Ünal",de,news,no',
  '3,ada@EXAMPLE.com,Doppelgänger,en,news,no',
  '4,never@example.com,Nora,en,news,yes',
  '5,not an address,Nobody,en,news,no',
  '6,offers@example.com,Otto,en,offers,no',
].join('\r\n')

const content = {
  en: {
    subject: 'Hello {{ contact.first_name }}',
    html: '<p>Hello {{ contact.first_name }}</p><a href="{{ unsubscribe_url }}">Unsubscribe</a>',
    text: 'Hello {{ contact.first_name }}\n\n{{ unsubscribe_url }}\n',
  },
  de: {
    subject: 'Grüße, {{ contact.first_name }}',
    html: '<p>Hallo {{ contact.first_name }}</p><a href="{{ unsubscribe_url }}">Abmelden</a>',
    text: 'Hallo {{ contact.first_name }}\n\n{{ unsubscribe_url }}\n',
  },
}

const key = rsaKey()
let installation: Installation
let sink: MailSink
let edge: string

beforeAll(async () => {
  installation = await createInstallation()
  sink = await startMailSink()
  const secrets = [secret] as const
  const { databaseUrl, temporalAddress, namespace } = installation
  const temporal = { address: temporalAddress, namespace }
  const { url, close } = await startHttp(
    { databaseUrl, secrets, listen: { host: '127.0.0.1', port: 0 }, trustedProxies: [], temporal, logLevel: 'fatal' },
    createLogger('fatal'),
  )
  edge = url
  const channel = createEmailChannel({ smtpUrl: sink.url, connections: 2, tokens: createTokens(secrets) })
  const workers = await installation.startWorkers(channel, url)
  return async () => {
    await workers.stop()
    channel.transport.close()
    await close()
  }
})

const header = (raw: Buffer, name: string): string => {
  const head = raw
    .subarray(0, raw.indexOf('\r\n\r\n'))
    .toString('latin1')
    .replaceAll(/\r\n[ \t]/g, ' ')
  return (
    head
      .split('\r\n')
      .find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
      ?.slice(name.length + 2) ?? ''
  )
}

test('from a file of contacts to the right inboxes, and out of them again', async () => {
  const { resources, categories, contacts, campaigns } = installation.addressee
  await resources.create({
    key: 'acme',
    name: 'Acme',
    fromName: 'Acme Neuigkeiten ✉',
    fromAddress: 'news@acme.example',
    listLabel: 'Acme News',
    listId: 'news.acme.example',
    dkim: { domain: 'acme.example', selector: 's1', privateKey: key.privateKey },
  })
  await categories.create({ resource: 'acme', title: 'News' })
  await categories.create({ resource: 'acme', title: 'Offers' })
  const report = await contacts.import(Readable.from([Buffer.from(csv)]), { source: 'shop', legalBasis: 'consent' })
  expect(report).toMatchObject({ rows: 6, created: 5, rejected: 1, subscribed: 5, optedOut: 1 })

  const first = await campaigns.schedule({
    key: 'june',
    resource: 'acme',
    categories: ['news'],
    content,
    defaultLanguage: 'en',
    now: true,
  })
  const done = await installation.temporal.workflow.getHandle(first.workflowId).result()
  expect(done).toMatchObject({ audience: 2, counts: { sent: 2 } })
  expect((await campaigns.get('june')).funnel).toEqual({ included: 2, not_subscribed: 2, duplicate_address: 1 })

  // The sink shows domains as people write them; on the wire they are ASCII, as the header below proves.
  expect(sink.mails.map((mail) => mail.to).toSorted()).toEqual(['GRETE@bücher.example', 'ada@example.com'])
  const { mails } = sink
  const grete = mails.find((mail) => mail.to.startsWith('GRETE'))
  const ada = mails.find((mail) => mail.to.startsWith('ada'))
  if (grete === undefined || ada === undefined) throw new Error('a mail is missing')
  const parsed = await PostalMime.parse(grete.raw)
  expect(parsed).toMatchObject({
    subject: 'Grüße, Grete "Käthe" Ünal',
    from: { name: 'Acme Neuigkeiten ✉', address: 'news@acme.example' },
    to: [{ name: 'Grete "Käthe" Ünal', address: 'GRETE@xn--bcher-kva.example' }],
    messageId: `<campaign-${first.id}.recipient-2@acme.example>`,
  })
  expect(parsed.html).toContain('Hallo Grete &#34;Käthe&#34; Ünal')
  expect(await dkimVerdict(grete.raw, key, 'acme.example')).toBe('pass')

  const link = /^<([^>]+)>, <mailto:[^>]+>$/.exec(header(ada.raw, 'List-Unsubscribe'))?.[1] ?? ''
  expect(link.startsWith(`${edge}/u/`)).toBe(true)
  expect(header(ada.raw, 'List-Unsubscribe-Post')).toBe('List-Unsubscribe=One-Click')
  expect(header(ada.raw, 'List-ID')).toBe('Acme News <news.acme.example>')

  // A scanner looks; then Ada's mail client does what RFC 8058 says.
  await fetch(link)
  expect((await campaigns.preview('june')).funnel).toEqual({ included: 2, not_subscribed: 2, duplicate_address: 1 })
  const body = new URLSearchParams({ 'List-Unsubscribe': 'One-Click' })
  expect((await fetch(link, { method: 'POST', body, redirect: 'error' })).status).toBe(200)

  const second = await campaigns.schedule({
    key: 'july',
    resource: 'acme',
    categories: ['news'],
    content,
    defaultLanguage: 'en',
    now: true,
  })
  await installation.temporal.workflow.getHandle(second.workflowId).result()
  expect(sink.mails.slice(2).map((mail) => mail.to)).toEqual(['GRETE@bücher.example'])
  // Her duplicate record is no way around her no: both are unsubscribed, and the reason says so.
  expect(
    (await campaigns.explain('july', 'ada@example.com')).map(({ reason, recipient }) => [reason, recipient]),
  ).toEqual([
    ['unsubscribed', null],
    ['unsubscribed', null],
  ])
  expect((await campaigns.explain('july', '2'))[0]).toMatchObject({
    reason: null,
    recipient: { seq: 1, state: 'sent' },
  })
})
