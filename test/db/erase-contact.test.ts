import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { checkChains } from '../../db/check-consent.ts'
import { claim } from '../../db/claim.ts'
import { consentHistory, provenContacts } from '../../db/consent-history.ts'
import { criteriaOf } from '../../db/criteria.ts'
import { eraseContact } from '../../db/erase-contact.ts'
import { recipientsOf } from '../../db/erased-ledger.ts'
import type { Id } from '../../db/schema.ts'
import { settle } from '../../db/settle.ts'
import { unsubscribe } from '../../db/unsubscribe.ts'
import { createPeople } from '../setup/people.ts'
import { act } from '../setup/unsubscribe-seed.ts'

const { db, importText, subscriptions, ada, seedAda, seedSending, recipientsIn } = await createPeople()

const refusals = () =>
  db.selectFrom('address_refusal').select(['category_id', 'resource_id']).where('address_key', '=', ada).execute()

/** Every table and column in which a text can be found. */
async function whereIs(text: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select c.table_name as name from information_schema.tables as c
    where c.table_schema = 'public' and c.table_type = 'BASE TABLE' order by 1`.execute(db)
  const found: string[] = []
  for (const { name } of rows) {
    const hits = await sql`select from ${sql.table(name)} as t where t::text ilike ${`%${text}%`} limit 1`.execute(db)
    if (hits.rows.length > 0) found.push(name)
  }
  return found
}

test('the person is gone from every table, the proof stays and ends with who erased them', async () => {
  const id = await seedAda()
  const campaignId = await seedSending()
  await sql`update recipient set state = 'failed', response = '550 5.1.1 <Ada@example.com>: unknown'`.execute(db)
  await sql`insert into suppression (address_key, channel, kind, reason)
    values (${ada}, 'email', 'bounced', '550 5.1.1 <ada@example.com>: unknown')`.execute(db)
  const before = await consentHistory(db, id)
  expect((await whereIs('ada@example.com')).length).toBeGreaterThan(2)
  expect(await eraseContact(db, id, 'request 17')).toEqual({
    contactId: id,
    addresses: 1,
    refusalsKept: 0,
    recipients: 1,
  })
  expect(await whereIs('ada@example.com')).toEqual([])
  expect(await recipientsIn(campaignId)).toEqual([
    { contact_id: id, address: 'erased', address_key: ada, state: 'failed', reason: null, response: null },
  ])
  expect(await db.selectFrom('suppression').select(['kind', 'reason']).execute()).toEqual([
    { kind: 'bounced', reason: null },
  ])
  const after = await consentHistory(db, id)
  expect(after.isErased).toBe(true)
  expect(after.events.slice(0, -1)).toEqual(before.events)
  expect(after.events.at(-1)).toMatchObject({
    action: 'erased',
    through: 'operator',
    actor: 'request 17',
    addressKey: ada.toString('hex'),
  })
  expect((await checkChains(db)).breaks).toEqual([])
  const told = await db.selectFrom('event').select(['kind', 'payload']).orderBy('id', 'desc').executeTakeFirst()
  expect(told).toMatchObject({ kind: 'subscription.changed', payload: { action: 'erased', externalId: 'a-1' } })
  expect(await provenContacts(db, 'ADA@example.com')).toEqual([id])
  expect(await provenContacts(db, id)).toEqual([id])
  expect(await eraseContact(db, id, 'again')).toBeNull()
})

test('what was refused, in whatever way, is refused for the address; who comes again inherits it', async () => {
  const id = await seedAda()
  await importText('id,email,topics\na-1,ada@example.com,offers;events\n')
  await sql`update subscription set status = 'unsubscribed' where category_id = 1`.execute(db)
  await sql`insert into opt_out (contact_id, resource_id, channel, source)
    values (1, 2, null, 'test'), (1, 1, 'sms', 'test')`.execute(db)
  const { rows } = await sql<{ id: Id }>`
    insert into pending_unsubscribe (contact_id, resource_id, category_id, due_at) values (1, 1, 2, now()) returning id`.execute(
    db,
  )
  expect(rows).toHaveLength(1)
  // The opt-out on another channel has no address to stay with; the running unsubscribe is carried out.
  expect(await eraseContact(db, id, 'ada')).toMatchObject({ refusalsKept: 2 })
  expect((await refusals()).toSorted((a, b) => Number(a.category_id) - Number(b.category_id))).toEqual([
    { category_id: null, resource_id: '2' },
    { category_id: '1', resource_id: null },
    { category_id: '2', resource_id: null },
  ])
  const report = await importText('id,email,topics\nb-1,ada@example.com,news;offers;events\n')
  expect(report).toMatchObject({ created: 1, subscribed: 0, refusalsKept: 3 })
  expect((await subscriptions()).map(({ key, status }) => `${key} ${status}`)).toEqual([
    'news unsubscribed',
    'offers unsubscribed',
  ])
  expect(await db.selectFrom('opt_out').select(['resource_id', 'channel']).execute()).toEqual([
    { resource_id: '2', channel: 'email' },
  ])
})

test('the opt-out column of an import outlives the contact; who only subscribed may come back', async () => {
  await importText('id,email,topics,unsubscribed\n1,ada@example.com,news,x\n2,bob@example.com,news,\n')
  await eraseContact(db, '1', 'ada')
  await eraseContact(db, '2', 'ada')
  expect(await refusals()).toEqual([{ category_id: null, resource_id: null }])
  await importText('email,topics\nada@example.com,news\nbob@example.com,news\n')
  expect(await subscriptions()).toEqual([{ contact_id: '4', key: 'news', status: 'subscribed' }])
})

test('a running unsubscribe holds for whoever else has the address, also when its contact is erased', async () => {
  await seedAda()
  await sql`insert into contact (first_name) values ('Ada too')`.execute(db)
  await sql`insert into contact_address (contact_id, channel, value, address_key) values (2, 'email', 'ada@example.com', ${ada})`.execute(
    db,
  )
  await sql`insert into subscription (contact_id, category_id, status, source) values (2, 1, 'subscribed', 'test')`.execute(
    db,
  )
  const { rows } = await sql<{ id: Id }>`
    insert into pending_unsubscribe (contact_id, resource_id, category_id, due_at, ip) values (1, 1, 1, now(), '192.0.2.9')
    returning id`.execute(db)
  await sql`insert into pending_unsubscribe (contact_id, resource_id, category_id, due_at, lead_id)
    values (2, 1, 1, now(), ${rows[0]?.id})`.execute(db)
  await eraseContact(db, '1', 'ada')
  expect(await subscriptions()).toEqual([{ contact_id: '2', key: 'news', status: 'unsubscribed' }])
  expect((await consentHistory(db, '2')).events).toMatchObject([
    { action: 'unsubscribed', actor: 'ada', ip: '192.0.2.9' },
  ])
})

// Their subscription is gone with them, and that rule comes first.
const skippedAs = [
  { categories: ['1'], reason: 'not_subscribed' },
  { categories: [], reason: 'deleted' },
]
test.each(skippedAs)('a campaign that is sending skips them as $reason, and mails the others', async (sending) => {
  await importText('email,topics\nada@example.com,news\nbob@example.com,news\n')
  const campaignId = await seedSending(2, sending.categories)
  await eraseContact(db, '1', 'ada')
  const claimer = { campaignId, from: 1, to: 2, token: randomUUID() }
  const { claimed, skipped } = await claim(db, await criteriaOf(db, campaignId), claimer, 10)
  expect({ skipped, claimed: claimed.map(({ address }) => address) }).toEqual({
    skipped: 1,
    claimed: ['bob@example.com'],
  })
  expect((await recipientsIn(campaignId)).map(({ state, reason }) => [state, reason])).toEqual([
    ['skipped', sending.reason],
    ['claimed', null],
  ])
})

test('the answer to a message that was under way is not kept: it may repeat the address', async () => {
  const id = await seedAda()
  const campaignId = await seedSending()
  const claimer = { campaignId, from: 1, to: 1, token: randomUUID() }
  expect((await claim(db, await criteriaOf(db, campaignId), claimer, 1)).claimed).toHaveLength(1)
  await eraseContact(db, id, 'ada')
  const response = '550 5.1.1 <Ada@example.com>: unknown'
  const failed = { state: 'failed', reason: 'refused', code: 550, response, addressIsDead: true } as const
  expect(await settle(db, claimer, 'email', [{ seq: 1, ...failed }])).toBe(1)
  expect(await whereIs('ada@example.com')).toEqual([])
  expect(await recipientsIn(campaignId)).toMatchObject([{ state: 'failed', response: null }])
  expect(await db.selectFrom('suppression').select(['kind', 'reason']).execute()).toEqual([
    { kind: 'bounced', reason: null },
  ])
})

test('the link of an erased contact refuses still, and shows no address', async () => {
  const id = await seedAda()
  const campaignId = await seedSending()
  await eraseContact(db, id, 'ada')
  const outcome = await unsubscribe(db, { campaignId, contactId: id, scope: 'unsubscribe' }, act)
  expect(outcome).toMatchObject({ kind: 'unsubscribed', scope: { address: null, categories: ['News'] } })
  expect(await refusals()).toEqual([{ category_id: '1', resource_id: null }])
})

test('each campaign is asked by its own partition alone', async () => {
  const id = await seedAda()
  for (let campaign = 0; campaign < 3; campaign += 1) await seedSending()
  const query = recipientsOf(id, sql`campaign.id`)
  const { rows } = await sql<{ 'QUERY PLAN': string }>`explain (analyze, costs off, timing off) ${query}`.execute(db)
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
  // Three campaigns, three partitions or more: each is looked into once, or never.
  expect(plan).toMatch(/recipient_\d+/)
  expect(plan).not.toMatch(/on recipient_\d+ .*loops=[2-9]/)
})
