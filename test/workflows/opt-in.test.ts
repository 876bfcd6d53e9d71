import { sql } from 'kysely'
import PostalMime from 'postal-mime'
import { beforeAll, expect, test } from 'vitest'
import { createEmailChannel } from '../../channels/email/email-channel.ts'
import { startOptIn } from '../../client/opt-in-workflow.ts'
import { eraseContact } from '../../db/erase-contact.ts'
import type { Id } from '../../db/schema.ts'
import { subscribe } from '../../db/subscribe.ts'
import { createTokens } from '../../domain/link-token.ts'
import { createLogger } from '../../http/logger.ts'
import { startHttp } from '../../http/main.ts'
import { optInSignal, optInWorkflowId } from '../../workflows/contract.ts'
import { rsaKey } from '../setup/dkim-keys.ts'
import { dkimVerdict } from '../setup/dkim-verdict.ts'
import { eventually } from '../setup/eventually.ts'
import { createInstallation, type Installation } from '../setup/installation.ts'
import { type MailSink, startMailSink } from '../setup/mail-sink.ts'
import { asked, requestsOf, seedOptIn } from '../setup/opt-in-seed.ts'
import { statusOf } from '../setup/unsubscribe-seed.ts'

// Nothing replaced: a subscribe call, the workflow, mail over SMTP, the page, and a campaign.

const key = rsaKey()
const secrets = ['a secret for opt-ins'] as const
let installation: Installation
let sink: MailSink
let edge: string

beforeAll(async () => {
  installation = await createInstallation()
  sink = await startMailSink()
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

const ask = async (address: string) => {
  const { db, addressee } = installation
  const seeded = await seedOptIn(db, { address })
  const ground = { by: 'shop', legalBasis: 'consent' }
  expect(await addressee.subscriptions.subscribe({ contactId: seeded.contactId }, seeded.categoryKey, ground)).toBe(
    'pending',
  )
  const [request] = await requestsOf(db, seeded.categoryId)
  return { ...seeded, ground, requestId: request?.id ?? '0' }
}
const mailsTo = (address: string) => sink.mails.filter((mail) => mail.to === address)
const set = (requestId: Id, times: object) =>
  installation.db.updateTable('opt_in_request').set(times).where('id', '=', requestId).execute()
const now = sql<Date>`now()`
const handle = (requestId: Id) => installation.temporal.workflow.getHandle(optInWorkflowId(requestId))

test('asked, confirmed on the page, subscribed; and no campaign reaches who has not confirmed', async () => {
  const { db, addressee } = installation
  const asked = await ask('ada@example.com')
  await db
    .updateTable('resource')
    .set({ dkim_domain: 'acme.example', dkim_selector: 's1', dkim_private_key: key.privateKey })
    .where('id', '=', asked.resourceId)
    .execute()
  const resource = await db
    .selectFrom('resource')
    .select('key')
    .where('id', '=', asked.resourceId)
    .executeTakeFirstOrThrow()
  const campaign = (name: string) =>
    addressee.campaigns.schedule({
      key: name,
      resource: resource.key,
      categories: [asked.categoryKey],
      content: { en: { subject: 'News', text: 'News {{ preferences_url }}' } },
      now: true,
    })
  const first = await campaign('too-early')
  expect(await installation.temporal.workflow.getHandle(first.workflowId).result()).toMatchObject({ audience: 0 })
  expect((await addressee.campaigns.get('too-early')).funnel).toEqual({ included: 0, pending: 1 })

  const mail = await eventually(() => mailsTo('ada@example.com')[0] ?? expect.unreachable('no mail yet'))
  const parsed = await PostalMime.parse(mail.raw)
  expect(parsed).toMatchObject({
    subject: expect.stringContaining('Weekly news') as string,
    from: { address: 'news@acme.example' },
    messageId: `<opt-in-${asked.requestId}.1@acme.example>`,
  })
  expect(parsed.headers.map(({ key }) => key).filter((name) => name.startsWith('list-'))).toEqual([])
  const [link = ''] = /https?:\S+\/o\/\S+/.exec(parsed.text ?? '') ?? []
  expect(parsed.html).toContain(`href="${link}"`)
  await fetch(link)
  expect(await statusOf(db, asked.contactId, asked.categoryId)).toBe('pending')
  const answer = await fetch(`${link}?shown=opt-in-en-1`, { method: 'POST' })
  expect(await answer.text()).toContain('You are subscribed')
  expect(await handle(asked.requestId).result()).toEqual({ requestId: asked.requestId, state: 'confirmed' })

  const second = await campaign('in-time')
  expect(await installation.temporal.workflow.getHandle(second.workflowId).result()).toMatchObject({ audience: 1 })
  const [, news] = mailsTo('ada@example.com')
  const preferences = /https?:\S+\/p\/\S+/.exec((await PostalMime.parse(news?.raw ?? '')).text ?? '')?.[0] ?? ''
  expect(preferences.startsWith(edge)).toBe(true)
  expect((await fetch(preferences)).status).toBe(200)
})

test('reminded once, then expired; the mails are signed and say which they are', async () => {
  const { db } = installation
  const asked = await ask('grete@example.com')
  await db
    .updateTable('resource')
    .set({ dkim_domain: 'acme.example', dkim_selector: 's1', dkim_private_key: key.privateKey, name: 'Fern & <Co>' })
    .where('id', '=', asked.resourceId)
    .execute()
  await db.updateTable('contact').set({ language: 'de-AT' }).where('id', '=', asked.contactId).execute()
  await eventually(() => expect(mailsTo('grete@example.com')).toHaveLength(1))
  await set(asked.requestId, { remind_at: now })
  await handle(asked.requestId).signal(optInSignal)
  const mail = await eventually(() => mailsTo('grete@example.com')[1] ?? expect.unreachable('no reminder yet'))
  const parsed = await PostalMime.parse(mail.raw)
  expect(parsed.subject).toBe('Erinnerung: Bitte bestätigen: Weekly news von Fern & <Co>')
  expect(parsed.html).toContain('Fern &#38; &#60;Co&#62;')
  expect(parsed.messageId).toBe(`<opt-in-${asked.requestId}.2@acme.example>`)
  expect(await dkimVerdict(mail.raw, key, 'acme.example')).toBe('pass')
  await set(asked.requestId, { expires_at: now })
  await handle(asked.requestId).signal(optInSignal)
  expect(await handle(asked.requestId).result()).toEqual({ requestId: asked.requestId, state: 'expired' })
  expect(mailsTo('grete@example.com')).toHaveLength(2)
  expect(await statusOf(db, asked.contactId, asked.categoryId)).toBeNull()
})

test('asked again while it waits: no second mail', async () => {
  const asked = await ask('once@example.com')
  await eventually(() => expect(mailsTo('once@example.com')).toHaveLength(1))
  const { subscriptions } = installation.addressee
  expect(await subscriptions.subscribe({ contactId: asked.contactId }, asked.categoryKey, asked.ground)).toBe('pending')
  await handle(asked.requestId).signal(optInSignal)
  await eventually(async () =>
    expect((await handle(asked.requestId).fetchHistory()).events?.length).toBeGreaterThan(20),
  )
  expect(mailsTo('once@example.com')).toHaveLength(1)
})

test('of a contact that is erased meanwhile nothing is left to confirm', async () => {
  const asked = await ask('erased@example.com')
  await eventually(() => expect(mailsTo('erased@example.com')).toHaveLength(1))
  await eraseContact(installation.db, asked.contactId, 'ada')
  await handle(asked.requestId).signal(optInSignal)
  expect(await handle(asked.requestId).result()).toEqual({ requestId: asked.requestId, state: 'gone' })
  expect(mailsTo('erased@example.com')).toHaveLength(1)
})

test('an address that was suppressed since gets no mail, and is as if nobody had asked', async () => {
  const { db } = installation
  const seeded = await seedOptIn(db, { address: 'dead@example.com' })
  await subscribe(db, seeded, asked)
  await db
    .updateTable('contact_address')
    .set({ status: 'complained' })
    .where('contact_id', '=', seeded.contactId)
    .execute()
  const [request] = await requestsOf(db, seeded.categoryId)
  await startOptIn(installation.temporal, request?.id ?? '0')
  expect(await handle(request?.id ?? '0').result()).toMatchObject({ state: 'withdrawn' })
  expect(mailsTo('dead@example.com')).toEqual([])
  expect(await statusOf(db, seeded.contactId, seeded.categoryId)).toBeNull()
})
