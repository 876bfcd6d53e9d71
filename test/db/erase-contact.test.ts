import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { beforeEach, expect, test } from 'vitest'
import { exportNamed } from '../../client/contact-erasure.ts'
import { freezeAudience } from '../../db/audience.ts'
import { checkChains } from '../../db/check-consent.ts'
import { claim } from '../../db/claim.ts'
import { consentHistory, provenContacts } from '../../db/consent-history.ts'
import { criteriaOf } from '../../db/criteria.ts'
import { eraseContact } from '../../db/erase-contact.ts'
import { recipientsOf } from '../../db/erased-ledger.ts'
import { loadAddressKeys } from '../../db/installation.ts'
import { contactsNamed } from '../../db/name-contact.ts'
import type { Id } from '../../db/schema.ts'
import { settle } from '../../db/settle.ts'
import { unsubscribe } from '../../db/unsubscribe.ts'
import { eventually } from '../setup/eventually.ts'
import { createImports } from '../setup/imports.ts'
import { seedCampaign } from '../setup/seed.ts'
import { act } from '../setup/unsubscribe-seed.ts'

const { db, importText, subscriptions } = await createImports()
const keyOf = await loadAddressKeys(db)
const ada = keyOf('email', 'ada@example.com')

beforeEach(async () => {
  // The ids of campaigns begin anew in each test; their ledgers would be there still.
  const { rows } = await sql<{ name: string }>`
    select inhrelid::regclass::text as name from pg_inherits where inhparent = 'recipient'::regclass`.execute(db)
  for (const { name } of rows) await sql`drop table ${sql.table(name)}`.execute(db)
  await sql`truncate suppression, consent_head, event cascade`.execute(db)
})

/** Ada, subscribed to the news of the shop. */
async function seedAda(): Promise<Id> {
  await importText('id,email,topics\na-1,Ada@example.com,news\n', { explanation: 'the form of May' })
  return '1'
}

async function seedSending(contacts = 1, categories = ['1']): Promise<Id> {
  const campaignId = await seedCampaign(db, { resourceId: '1', categories })
  expect((await freezeAudience(db, campaignId))?.audience).toBe(contacts)
  return campaignId
}

const recipientsIn = (campaignId: Id) =>
  db
    .selectFrom('recipient')
    .select(['contact_id', 'address', 'address_key', 'state', 'reason', 'response'])
    .where('campaign_id', '=', campaignId)
    .orderBy('seq')
    .execute()

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

test('an audience that is being frozen meanwhile holds no address in the end', async () => {
  const id = await seedAda()
  const campaignId = await seedCampaign(db, { resourceId: '1', categories: ['1'] })
  const { freezing, erasing } = await db.transaction().execute(async (blocking) => {
    await blocking.selectFrom('campaign').select('id').where('id', '=', campaignId).forUpdate().execute()
    // It has read the contacts, and waits with its last step.
    const freezing = freezeAudience(db, campaignId)
    await waiting('transactionid', 1)
    const erasing = eraseContact(db, id, 'ada')
    await waiting('advisory', 1)
    return { freezing, erasing }
  })
  expect((await freezing)?.audience).toBe(1)
  expect(await erasing).toMatchObject({ recipients: 1 })
  expect(await recipientsIn(campaignId)).toMatchObject([{ contact_id: id, address: 'erased' }])
})

const waiting = (lock: string, sessions: number) =>
  eventually(async () => {
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and wait_event = ${lock}`.execute(db)
    expect(rows[0]?.n).toBe(sessions)
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

test('the export holds everything about one person, and nothing about another', async () => {
  await seedAda()
  await importText('id,email,topics,opt-out\nb-1,bob@example.com,news,x\n')
  await seedSending()
  await sql`insert into segment (key, title, kind) values ('vip', 'VIP', 'static')`.execute(db)
  await sql`insert into segment_member select id, 1 from segment where key = 'vip'`.execute(db)
  await sql`insert into opt_out (contact_id, resource_id, channel, source) values (1, 2, 'email', 'test')`.execute(db)
  await sql`insert into suppression (address_key, channel, kind, reason) values (${ada}, 'email', 'complained', 'fbl')
    on conflict (address_key, channel) do update set kind = excluded.kind, reason = excluded.reason`.execute(db)
  await sql`insert into address_refusal (address_key, channel, category_id) values (${ada}, 'email', 2)`.execute(db)
  await sql`insert into pending_unsubscribe (contact_id, resource_id, category_id, due_at) values (1, 1, 1, now())`.execute(
    db,
  )
  await sql`insert into opt_in_request (contact_id, category_id, channel, address_key, through, expires_at)
    values (1, 2, 'email', ${ada}, 'page', now())`.execute(db)
  await sql`insert into resource_address (resource_id, contact_id, channel, value, fields)
    values (1, 1, 'email', 'Ada@example.com', '{"size": 3}')`.execute(db)
  const [held, ...others] = await exportNamed(db, 'ada@example.com')
  expect(others).toEqual([])
  expect(held).toMatchObject({
    contactId: '1',
    contact: { external_id: 'a-1', source: 'test' },
    addresses: [{ channel: 'email', value: 'Ada@example.com', status: 'active' }],
    subscriptions: [{ category: 'news', status: 'subscribed', explanation: 'the form of May' }],
    optOuts: [{ resource: 'club', channel: 'email' }],
    segments: [{ key: 'vip', title: 'VIP' }],
    resourceAddresses: [{ resource: 'shop', fields: { size: 3 } }],
    pendingUnsubscribes: [{ resource: 'shop', category: 'news', state: 'pending' }],
    optInRequests: [{ category: 'offers', state: 'pending' }],
    suppressions: [{ value: 'Ada@example.com', kind: 'complained', reason: 'fbl' }],
    addressRefusals: [{ category: 'offers', resource: null }],
    messages: [{ seq: 1, address: 'Ada@example.com', state: 'queued', claimed_at: null }],
    webhookEvents: [{ kind: 'subscription.changed', payload: { externalId: 'a-1', action: 'subscribed' } }],
    consentEvents: [{ action: 'subscribed', through: 'import' }],
  })
  expect(JSON.stringify(held)).not.toContain('bob@')
  await eraseContact(db, '1', 'ada')
  expect(await exportNamed(db, 'ada@example.com')).toMatchObject([
    {
      contact: null,
      addresses: [],
      subscriptions: [],
      messages: [{ address: 'erased' }],
      consentEvents: { length: 3 },
    },
  ])
  await expect(exportNamed(db, 'nobody@example.com')).rejects.toThrow('there is no contact nobody@example.com')
})

test('erasing beside unsubscribes, imports, claims and audiences: all end, and the "no" outlives the person', async () => {
  for (let round = 0; round < 6; round += 1) {
    const address = `round-${round}@example.com`
    await importText(`email,topics\n${address},news\n`)
    const [id = ''] = await contactsNamed(db, address)
    const campaignId = await seedSending(1)
    const next = await seedCampaign(db, { resourceId: '1', categories: ['1'] })
    const claims = { campaignId, contactId: id, scope: 'unsubscribe' } as const
    const claimer = { campaignId, from: 1, to: 1, token: randomUUID() }
    const criteria = await criteriaOf(db, campaignId)
    const works = [
      () => unsubscribe(db, claims, act),
      () => eraseContact(db, id, 'ada'),
      () => importText(`email,topics\n${address},news;offers\n`),
      () => claim(db, criteria, claimer, 1),
      () => freezeAudience(db, next),
      () => unsubscribe(db, claims, act),
    ]
    const turned = [...works.slice(round), ...works.slice(0, round)]
    await Promise.all(turned.map((work) => work()))
    // Whoever has the address now came by the import, and inherits the "no" whatever the order was.
    const subscribed = (await subscriptions()).filter(({ key, status }) => key === 'news' && status === 'subscribed')
    expect(subscribed).toEqual([])
    expect(await recipientsIn(campaignId)).toMatchObject([{ contact_id: id, address: 'erased' }])
    expect((await recipientsIn(next)).filter((row) => row.contact_id === id && row.address !== 'erased')).toEqual([])
  }
  expect((await checkChains(db)).breaks).toEqual([])
})
