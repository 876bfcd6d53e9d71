import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import { subscribe } from '../../db/subscribe.ts'
import { createDatabase } from '../setup/database.ts'
import { seedDelayed } from '../setup/delayed.ts'
import { createTestApp } from '../setup/http-app.ts'
import { seedContact } from '../setup/seed.ts'
import { act, eventsOf, refusalsOf, type SentMessage, seedSent, statusOf } from '../setup/unsubscribe-seed.ts'

// "You were unsubscribed; undo": what one click took, brought back by the person on the same page.

let db: Db
let edge: ReturnType<typeof createTestApp>
beforeAll(async () => {
  db = (await createDatabase()).db
  edge = createTestApp(db)
})

const open = async ({ token }: SentMessage) => await edge.app.request(`/u/${token}`)
const press = async ({ token }: SentMessage, deed?: string) =>
  await edge.app.request(`/u/${token}?shown=modes-en-1${deed === undefined ? '' : `&do=${deed}`}`, { method: 'POST' })
const oneClick = async ({ token }: SentMessage) => await edge.app.request(`/u/${token}`, { method: 'POST' })
const status = (sent: SentMessage) => statusOf(db, sent.contactId, sent.categories[0]?.id)
const headingOf = async (answer: Response) => /<h1>(.*?)<\/h1>/.exec(await answer.text())?.[1]

/** Subscribed with a legal basis, as the history knows. */
async function seedConsented(): Promise<SentMessage> {
  const sent = await seedSent(db)
  await db.deleteFrom('subscription').where('contact_id', '=', sent.contactId).execute()
  const categoryId = sent.categories[0]?.id ?? ''
  const consent = { ...act, through: 'api' as const, legalBasis: 'CONSENT', explanation: 'asked at the till' }
  await subscribe(db, { contactId: sent.contactId, categoryId, channel: 'email' }, { ...consent, campaignId: null })
  return sent
}

test('brings back the subscription with its legal basis, and the address, with a proof', async () => {
  const sent = await seedConsented()
  const page = await (await press(sent)).text()
  expect(page).toContain('>Undo</button>')
  expect(await headingOf(await press(sent, 'undo'))).toBe('You are subscribed again')
  expect(
    await db.selectFrom('subscription').selectAll().where('contact_id', '=', sent.contactId).execute(),
  ).toMatchObject([{ status: 'subscribed', legal_basis: 'CONSENT', explanation: 'asked at the till', source: 'page' }])
  expect(await refusalsOf(db, sent.address)).toEqual([])
  expect(await eventsOf(db, sent.campaignId)).toMatchObject([
    { action: 'unsubscribed', through: 'page' },
    { action: 'subscribed', through: 'page', wording: 'modes-en-1' },
  ])
  expect(await headingOf(await press(sent, 'undo'))).toBe('That cannot be undone any more')
  expect(await eventsOf(db, sent.campaignId)).toHaveLength(2)
})

test('many times at once: one event', async () => {
  const sent = await seedConsented()
  await press(sent)
  await Promise.all(Array.from({ length: 6 }, () => press(sent, 'undo')))
  expect(await eventsOf(db, sent.campaignId)).toHaveLength(2)
  expect(await status(sent)).toBe('subscribed')
})

test('whoever shares the address gets back what they had, and nothing that they had not', async () => {
  const sent = await seedConsented()
  const categoryId = sent.categories[0]?.id ?? ''
  const stranger = await seedContact(db, { address: sent.address })
  const twin = await seedContact(db, { address: sent.address })
  await subscribe(db, { contactId: twin, categoryId, channel: 'email' }, { ...act, through: 'api', campaignId: null })
  await press(sent)
  expect(await statusOf(db, twin, categoryId)).toBe('unsubscribed')
  await press(sent, 'undo')
  expect(await statusOf(db, twin, categoryId)).toBe('subscribed')
  expect(await statusOf(db, stranger, categoryId)).toBe('unsubscribed')
})

test('a refusal that was there before stays', async () => {
  const sent = await seedConsented()
  const other = await seedSent(db, { address: sent.address })
  await oneClick(other)
  await press(sent)
  await press(sent, 'undo')
  expect(await refusalsOf(db, sent.address)).toHaveLength(1)
})

test('everything of the resource, and back', async () => {
  const sent = await seedConsented()
  await press(sent)
  expect(await headingOf(await press(sent, 'everything'))).toBe('You were unsubscribed')
  expect((await eventsOf(db, sent.campaignId)).at(-1)).toMatchObject({
    action: 'opted_out',
    resource_id: sent.resourceId,
  })
  expect(await headingOf(await press(sent, 'undo'))).toBe('You are subscribed again')
  expect(await db.selectFrom('opt_out').where('contact_id', '=', sent.contactId).selectAll().execute()).toEqual([])
  expect((await eventsOf(db, sent.campaignId)).at(-1)).toMatchObject({ action: 'opted_in', through: 'page' })
  // The category was left by an earlier click, which stands.
  expect(await status(sent)).toBe('unsubscribed')
})

test('not after a day, nor after a later word', async () => {
  const late = await seedConsented()
  await press(late)
  await sql`alter table consent_event disable trigger consent_event_append_only`.execute(db)
  await sql`update consent_event set at = at - interval '25 hours' where contact_id = ${late.contactId}`.execute(db)
  await sql`alter table consent_event enable trigger consent_event_append_only`.execute(db)
  expect(await (await open(late)).text()).not.toContain('>Undo</button>')
  expect(await headingOf(await press(late, 'undo'))).toBe('That cannot be undone any more')

  const overtaken = await seedConsented()
  await press(overtaken)
  const words = { contact_id: overtaken.contactId, category_id: overtaken.categories[0]?.id ?? '' }
  await db
    .insertInto('consent_event')
    .values({ ...words, action: 'unsubscribed', through: 'operator' })
    .execute()
  expect(await headingOf(await press(overtaken, 'undo'))).toBe('That cannot be undone any more')
  expect(await status(overtaken)).toBe('unsubscribed')
})

test('of a delay that was confirmed', async () => {
  const sent = await seedDelayed(db)
  await press(sent)
  await press(sent, 'confirm')
  expect(await headingOf(await press(sent, 'undo'))).toBe('You are subscribed again')
  expect(await status(sent)).toBe('subscribed')
})

test('a mail client that is told to undo by its address unsubscribes', async () => {
  const sent = await seedConsented()
  const answer = await edge.app.request(`/u/${sent.token}?do=undo`, { method: 'POST' })
  expect(await answer.text()).toBe('You were unsubscribed.\n')
})
