import { Readable } from 'node:stream'
import fc from 'fast-check'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { importContacts } from '../../client/import/contact-import.ts'
import { checkChains } from '../../db/check-consent.ts'
import type { Db } from '../../db/connect.ts'
import { recordConsent } from '../../db/consent.ts'
import { consentHistory, provenContacts } from '../../db/consent-history.ts'
import { loadAddressKeys } from '../../db/installation.ts'
import { unsubscribe } from '../../db/unsubscribe.ts'
import { eventHash, verifyChain } from '../../domain/consent-chain.ts'
import { messageIdOf } from '../../domain/message-id.ts'
import { storedText, tamper } from '../setup/consent-world.ts'
import { createDatabase } from '../setup/database.ts'
import { addressKey, seedCategory, seedContact, seedResource } from '../setup/seed.ts'
import { act, claimsOf, dropLedger, seedSent } from '../setup/unsubscribe-seed.ts'

let db: Db
beforeAll(async () => {
  db = (await createDatabase()).db
})

let contact = 1000
const newContact = (): string => String((contact += 1))

async function chainOf(contactId: string, events: number): Promise<void> {
  const event = { contact_id: contactId, action: 'subscribed', through: 'api', explanation: 'é "\\ \u0001' } as const
  await recordConsent(
    db,
    Array.from({ length: events }, () => event),
  )
}

/** Breaks of one contact: other tests leave theirs in the same database. */
const breaksOf = async (contactId: string) =>
  (await checkChains(db)).breaks
    .filter((each) => each.contactId === contactId)
    .map(({ number, what }) => [number, what])

test('SQL and TypeScript hash an event alike, whatever its texts hold', { timeout: 120_000 }, async () => {
  const text = fc.option(storedText)
  const event = fc.record({
    action: fc.constantFrom('subscribed', 'unsubscribed', 'pending', 'opted_out', 'opted_in'),
    through: fc.constantFrom('page', 'one_click', 'sdk', 'api', 'import', 'operator', 'timer'),
    channel: text,
    address_key: fc.option(fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes))),
    category_id: fc.option(fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(String)),
    resource_id: fc.option(fc.nat().map(String)),
    campaign_id: fc.option(fc.nat().map(String)),
    legal_basis: text,
    explanation: text,
    wording: text,
    user_agent: text,
    actor: text,
    ip: fc.option(fc.oneof(fc.ipV4(), fc.ipV6())),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 4 }), async (events) => {
      const contactId = newContact()
      await recordConsent(
        db,
        events.map((each) => ({ ...each, contact_id: contactId })),
      )
      const history = await consentHistory(db, contactId)
      expect(history.events.map(eventHash)).toEqual(history.events.map(({ hash }) => hash))
      expect(verifyChain(contactId, history.events, history.head)).toEqual({ ok: true })
      expect(history.events.map(({ explanation }) => explanation)).toEqual(events.map(({ explanation }) => explanation))
      expect(await breaksOf(contactId)).toEqual([])
    }),
    { numRuns: 60 },
  )
})

test('U+0000, which PostgreSQL cannot hold, makes no refusal fail', async () => {
  const sent = await seedSent(db)
  const outcome = await unsubscribe(db, claimsOf(sent), { ...act, userAgent: 'Mail\0/1', explanation: '\0' })
  expect(outcome.kind).toBe('unsubscribed')
  const { events } = await consentHistory(db, sent.contactId)
  expect(events).toMatchObject([{ userAgent: 'Mail/1', explanation: '' }])
  const contactId = newContact()
  await recordConsent(db, [{ contact_id: contactId, action: 'pending', through: 'api', actor: 'key\0' }])
  expect((await consentHistory(db, contactId)).events).toMatchObject([{ actor: 'key' }])
})

test('events of a contact that come at once stand in one line, whichever drew its id first', async () => {
  const contactId = newContact()
  await Promise.all(Array.from({ length: 40 }, () => chainOf(contactId, 1)))
  const history = await consentHistory(db, contactId)
  expect(history.events.map(({ number }) => number)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
  expect(verifyChain(contactId, history.events, history.head)).toEqual({ ok: true })
})

test('what is rolled back leaves no gap', async () => {
  const contactId = newContact()
  await chainOf(contactId, 1)
  const failing = db.transaction().execute(async (db) => {
    await recordConsent(db, [{ contact_id: contactId, action: 'opted_out', through: 'api' }])
    throw new Error('the change behind it failed')
  })
  await expect(failing).rejects.toThrow('the change behind it failed')
  await chainOf(contactId, 1)
  expect(await breaksOf(contactId)).toEqual([])
  expect((await consentHistory(db, contactId)).head.events).toBe(2)
})

describe('a superuser who switches the triggers off is found by the first event that is wrong', () => {
  const attacks: [string, [number, string], (db: Db, contactId: string) => Promise<unknown>][] = [
    [
      'changes a field',
      [3, 'hash'],
      (db, id) =>
        sql`update consent_event set action = 'unsubscribed' where contact_id = ${id} and number = 3`.execute(db),
    ],
    [
      'changes the microseconds',
      [1, 'hash'],
      (db, id) =>
        sql`update consent_event set at = at + interval '1 microsecond' where contact_id = ${id} and number = 1`.execute(
          db,
        ),
    ],
    [
      'changes a field and its hash',
      [3, 'previous'],
      (db, id) =>
        sql`update consent_event as e set actor = 'x', hash = consent_event_hash(e.previous, e.number, changed)
          from (select c.* from consent_event c where c.contact_id = ${id} and c.number = 2) as old,
            lateral (select (jsonb_populate_record(null::consent_event, to_jsonb(old) || '{"actor": "x"}')).*) as changed
          where e.contact_id = ${id} and e.number = 2`.execute(db),
    ],
    [
      'takes one out',
      [3, 'number'],
      (db, id) => sql`delete from consent_event where contact_id = ${id} and number = 3`.execute(db),
    ],
    [
      'takes one out and closes the gap',
      [3, 'previous'],
      async (db, id) => {
        await sql`delete from consent_event where contact_id = ${id} and number = 3`.execute(db)
        await sql`update consent_event set number = number - 1 where contact_id = ${id} and number > 3`.execute(db)
      },
    ],
    [
      'cuts the end off',
      [5, 'end'],
      (db, id) => sql`delete from consent_event where contact_id = ${id} and number = 5`.execute(db),
    ],
    ['takes all out', [1, 'end'], (db, id) => sql`delete from consent_event where contact_id = ${id}`.execute(db)],
    ['takes the head', [6, 'end'], (db, id) => sql`delete from consent_head where contact_id = ${id}`.execute(db)],
    [
      'slips one in',
      [3, 'number'],
      (db, id) =>
        sql`insert into consent_event (contact_id, action, through, number, previous, hash)
          select contact_id, action, through, number, previous, hash from consent_event
          where contact_id = ${id} and number = 2`.execute(db),
    ],
  ]
  test.each(attacks)('%s', async (_name, found, attack) => {
    const contactId = newContact()
    await chainOf(contactId, 5)
    expect(await breaksOf(contactId)).toEqual([])
    await tamper(db, (db) => attack(db, contactId))
    expect(await breaksOf(contactId)).toEqual([found])
  })
})

test('all chains are walked page by page, with what was found so far', async () => {
  await sql`
    insert into consent_event (contact_id, action, through)
    select 100000 + n / 2, 'subscribed', 'import' from generate_series(1, 9000) as n order by n`.execute(db)
  const seen: number[] = []
  const checked = await checkChains(db, ({ contacts }) => seen.push(contacts))
  expect(seen.length).toBeGreaterThan(2)
  const { rows } = await sql<{ contacts: number; events: number }>`
    select count(distinct contact_id)::int as contacts, count(*)::int as events from consent_event`.execute(db)
  const missing = checked.breaks.filter(({ number, what }) => number === 1 && what === 'end').length
  expect(checked).toMatchObject({ contacts: (rows[0]?.contacts ?? 0) + missing, events: rows[0]?.events })
  expect(checked.breaks.every(({ contactId }) => Number(contactId) < 100000)).toBe(true)
})

test('the address key of an event is in its hash', async () => {
  const contactId = await seedContact(db)
  const key = addressKey(`contact-${contactId}@example.com`)
  await recordConsent(db, [{ contact_id: contactId, action: 'subscribed', through: 'api', address_key: key }])
  const { events, addresses } = await consentHistory(db, contactId)
  expect(addresses).toEqual([{ channel: 'email', addressKey: key.toString('hex') }])
  expect(events[0] && eventHash({ ...events[0], addressKey: null })).not.toBe(events[0]?.hash)
})

test('beside an event stand titles, and the Message-ID of the message that led to it as long as the ledger knows', async () => {
  const sent = await seedSent(db, { titles: ['News'], resourceName: 'Acme News' })
  await db.updateTable('recipient').set({ seq: 17 }).where('campaign_id', '=', sent.campaignId).execute()
  await unsubscribe(db, claimsOf(sent), act)
  const shown = async () => (await consentHistory(db, sent.contactId)).events.map((event) => event.shown)
  const titles = { category: 'News', resource: 'Acme News', campaign: 'Test' }
  const messageId = messageIdOf(sent.campaignId, 17, 'acme.example')
  expect(await shown()).toEqual([{ ...titles, messageId }])
  await dropLedger(db, sent.campaignId)
  expect(await shown()).toEqual([{ ...titles, messageId: null }])
})

test('what an import inherits, opts out and subscribes stands in the chain, in that order', async () => {
  const resourceId = await seedResource(db)
  const categories = [await seedCategory(db, resourceId), await seedCategory(db, resourceId)]
  const key = (await loadAddressKeys(db))('email', 'heir@example.com')
  await db
    .insertInto('address_refusal')
    .values({ address_key: key, channel: 'email', category_id: categories[0]?.id ?? null, resource_id: null })
    .execute()
  const file = `email,topics\nheir@example.com,${categories.map((each) => each.key).join(';')}\n`
  await importContacts(db, Readable.from([Buffer.from(file)]), { source: 'test', explanation: 'a\0b' })
  const [contactId = ''] = await provenContacts(db, 'heir@example.com')
  const { events, head } = await consentHistory(db, contactId)
  expect(events.map(({ action, explanation }) => [action, explanation])).toEqual([
    ['unsubscribed', 'inherited from the address'],
    ['subscribed', 'ab'],
  ])
  expect(verifyChain(contactId, events, head)).toEqual({ ok: true })
})
