import { beforeAll, describe, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import { describeUnsubscribe } from '../../db/describe-unsubscribe.ts'
import { unsubscribe } from '../../db/unsubscribe.ts'
import { createDatabase } from '../setup/database.ts'
import { addressKey, seedCategory, seedContact } from '../setup/seed.ts'
import {
  act,
  claimsOf,
  eventsOf,
  refusalsOf as refusals,
  type SentMessage,
  seedSent,
  statusOf,
} from '../setup/unsubscribe-seed.ts'

let db: Db
beforeAll(async () => {
  db = (await createDatabase()).db
})

const refusalsOf = (address: string) => refusals(db, address)
const optOutsOf = (contactId: string) =>
  db.selectFrom('opt_out').select(['resource_id', 'channel']).where('contact_id', '=', contactId).execute()

describe('a message with categories', () => {
  test('unsubscribes from exactly those, with one consent event each', async () => {
    const sent = await seedSent(db, { titles: ['A', 'B'] })
    const other = await seedCategory(db, sent.resourceId)
    await db
      .insertInto('subscription')
      .values({ category_id: other.id, contact_id: sent.contactId, status: 'subscribed', source: 'test' })
      .execute()
    const outcome = await unsubscribe(db, claimsOf(sent), act)
    expect(outcome).toMatchObject({
      kind: 'unsubscribed',
      scope: { resource: 'Acme', categories: ['A', 'B'], address: sent.address },
    })
    const [a, b] = sent.categories.map(({ id }) => id)
    expect(await statusOf(db, sent.contactId, a)).toBe('unsubscribed')
    expect(await statusOf(db, sent.contactId, b)).toBe('unsubscribed')
    expect(await statusOf(db, sent.contactId, other.id)).toBe('subscribed')
    expect(await optOutsOf(sent.contactId)).toEqual([])
    const event = {
      contact_id: sent.contactId,
      resource_id: null,
      action: 'unsubscribed',
      through: 'one_click',
      wording: null,
      ip: '192.0.2.7',
      user_agent: 'Mail/1',
      channel: 'email',
      address_key: addressKey(sent.address),
    }
    expect(await eventsOf(db, sent.campaignId)).toEqual([
      { ...event, category_id: a },
      { ...event, category_id: b },
    ])
  })

  test('the ledger decides, not what the message says now', async () => {
    const sent = await seedSent(db, { titles: ['Eligible', 'Later'] })
    const [eligible, later] = sent.categories.map(({ id }) => id)
    await db
      .updateTable('recipient')
      .set({ category_ids: [eligible as string] })
      .where('campaign_id', '=', sent.campaignId)
      .execute()
    await unsubscribe(db, claimsOf(sent), act)
    expect(await statusOf(db, sent.contactId, eligible)).toBe('unsubscribed')
    expect(await statusOf(db, sent.contactId, later)).toBe('subscribed')
  })

  test('forgets the legal basis of the consent that was withdrawn', async () => {
    const sent = await seedSent(db)
    await db
      .updateTable('subscription')
      .set({ legal_basis: 'consent', explanation: 'form' })
      .where('contact_id', '=', sent.contactId)
      .execute()
    await unsubscribe(db, claimsOf(sent), act)
    const row = await db
      .selectFrom('subscription')
      .select(['status', 'legal_basis', 'explanation', 'source'])
      .where('contact_id', '=', sent.contactId)
      .executeTakeFirst()
    expect(row).toEqual({ status: 'unsubscribed', legal_basis: null, explanation: null, source: 'one_click' })
  })

  test('where no row means subscribed, a row says no', async () => {
    const sent = await seedSent(db, { consent: 'opt_out' })
    const category = sent.categories[0]?.id
    expect(await statusOf(db, sent.contactId, category)).toBeNull()
    expect((await unsubscribe(db, claimsOf(sent), act)).kind).toBe('unsubscribed')
    expect(await statusOf(db, sent.contactId, category)).toBe('unsubscribed')
  })

  test('a subscription waiting for its confirmation is refused too', async () => {
    const sent = await seedSent(db)
    await db.updateTable('subscription').set({ status: 'pending' }).where('contact_id', '=', sent.contactId).execute()
    await unsubscribe(db, claimsOf(sent), act)
    expect(await statusOf(db, sent.contactId, sent.categories[0]?.id)).toBe('unsubscribed')
  })
})

test('a message without categories opts out of the resource on its channel', async () => {
  const sent = await seedSent(db, { titles: [] })
  expect((await unsubscribe(db, claimsOf(sent), act)).kind).toBe('unsubscribed')
  expect(await optOutsOf(sent.contactId)).toEqual([{ resource_id: sent.resourceId, channel: 'email' }])
  expect(await refusalsOf(sent.address)).toEqual([
    { channel: 'email', category_id: null, resource_id: sent.resourceId },
  ])
  expect(await eventsOf(db, sent.campaignId)).toMatchObject([
    { contact_id: sent.contactId, category_id: null, resource_id: sent.resourceId, action: 'opted_out' },
  ])
  expect((await unsubscribe(db, claimsOf(sent), act)).kind).toBe('already')
  expect(await eventsOf(db, sent.campaignId)).toHaveLength(1)
})

test('holds for every contact that has the address, and for whoever gains it', async () => {
  const sent = await seedSent(db, { address: 'shared@example.com' })
  const category = sent.categories[0]?.id as string
  const duplicate = await seedContact(db, {
    address: 'Shared@Example.com',
    subscriptions: { [category]: 'subscribed' },
  })
  const stranger = await seedContact(db, { subscriptions: { [category]: 'subscribed' } })
  await unsubscribe(db, claimsOf(sent), act)
  expect(await statusOf(db, duplicate, category)).toBe('unsubscribed')
  expect(await statusOf(db, stranger, category)).toBe('subscribed')
  expect((await eventsOf(db, sent.campaignId)).map((event) => event.contact_id)).toEqual([sent.contactId, duplicate])
  expect(await refusalsOf('shared@example.com')).toEqual([
    { channel: 'email', category_id: category, resource_id: null },
  ])
})

test('the same address on another channel is another address', async () => {
  const sent = await seedSent(db, { address: 'channel@example.com' })
  const category = sent.categories[0]?.id as string
  const other = await seedContact(db, { address: 'channel@example.com', subscriptions: { [category]: 'subscribed' } })
  await db.updateTable('contact_address').set({ channel: 'chat' }).where('contact_id', '=', other).execute()
  await unsubscribe(db, claimsOf(sent), act)
  expect(await statusOf(db, other, category)).toBe('subscribed')
})

test('a contact that has another address by now is unsubscribed all the same', async () => {
  const sent = await seedSent(db, { address: 'old@example.com' })
  await db
    .updateTable('contact_address')
    .set({ value: 'new@example.com', address_key: addressKey('new@example.com') })
    .where('contact_id', '=', sent.contactId)
    .execute()
  await unsubscribe(db, claimsOf(sent), act)
  expect(await statusOf(db, sent.contactId, sent.categories[0]?.id)).toBe('unsubscribed')
  expect(await refusalsOf('old@example.com')).toHaveLength(1)
  expect(await refusalsOf('new@example.com')).toEqual([])
})

describe('repetition', () => {
  test('changes nothing and records nothing', async () => {
    const sent = await seedSent(db)
    expect((await describeUnsubscribe(db, claimsOf(sent))).kind).toBe('subscribed')
    await unsubscribe(db, claimsOf(sent), act)
    const changedAt = () =>
      db.selectFrom('subscription').select('changed_at').where('contact_id', '=', sent.contactId).executeTakeFirst()
    const before = await changedAt()
    expect((await describeUnsubscribe(db, claimsOf(sent))).kind).toBe('already')
    expect((await unsubscribe(db, claimsOf(sent), act)).kind).toBe('already')
    expect(await changedAt()).toEqual(before)
    expect(await eventsOf(db, sent.campaignId)).toHaveLength(1)
  })

  test('ten requests at once are one event', async () => {
    const sent = await seedSent(db, { titles: ['A', 'B'] })
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => unsubscribe(db, claimsOf(sent), act)))
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual([...Array(9).fill('already'), 'unsubscribed'])
    expect(await eventsOf(db, sent.campaignId)).toHaveLength(2)
  })

  test('links of several contacts with one address do not block each other', async () => {
    const first = await seedSent(db, { titles: ['A', 'B'], address: 'busy@example.com' })
    const ids = first.categories.map(({ id }) => id)
    for (let i = 0; i < 5; i += 1)
      await seedContact(db, {
        address: 'busy@example.com',
        subscriptions: Object.fromEntries(ids.map((id) => [id, 'subscribed' as const])),
      })
    const second = await seedSent(db, { titles: [], address: 'busy@example.com' })
    await db
      .insertInto('message_category')
      .values(await categoriesOfMessage(second, ids))
      .execute()
    await db
      .updateTable('recipient')
      .set({ category_ids: ids.toReversed() })
      .where('campaign_id', '=', second.campaignId)
      .execute()
    await Promise.all([first, second, first, second].map((sent) => unsubscribe(db, claimsOf(sent), act)))
    const events = [...(await eventsOf(db, first.campaignId)), ...(await eventsOf(db, second.campaignId))]
    expect(new Set(events.map((event) => `${event.contact_id} ${event.category_id}`)).size).toBe(events.length)
    expect(events).toHaveLength(14)
  })

  async function categoriesOfMessage(sent: SentMessage, ids: string[]) {
    const { message_id } = await db
      .selectFrom('campaign')
      .select('message_id')
      .where('id', '=', sent.campaignId)
      .executeTakeFirstOrThrow()
    return ids.map((category_id) => ({ message_id, category_id }))
  }

  test('who came back and leaves again is unsubscribed again', async () => {
    const sent = await seedSent(db)
    await unsubscribe(db, claimsOf(sent), act)
    await db
      .updateTable('subscription')
      .set({ status: 'subscribed' })
      .where('contact_id', '=', sent.contactId)
      .execute()
    expect((await describeUnsubscribe(db, claimsOf(sent))).kind).toBe('subscribed')
    expect((await unsubscribe(db, claimsOf(sent), act)).kind).toBe('unsubscribed')
    expect(await eventsOf(db, sent.campaignId)).toHaveLength(2)
  })
})

test('a consent event that cannot be written undoes the change it proves', async () => {
  const sent = await seedSent(db)
  await expect(unsubscribe(db, claimsOf(sent), { ...act, ip: 'no address' })).rejects.toThrow(/inet/)
  expect(await statusOf(db, sent.contactId, sent.categories[0]?.id)).toBe('subscribed')
  expect(await refusalsOf(sent.address)).toEqual([])
})

test('describing works where nothing can be written', async () => {
  const sent = await seedSent(db)
  await db
    .transaction()
    .setAccessMode('read only')
    .execute(async (db) => {
      expect((await describeUnsubscribe(db, claimsOf(sent))).kind).toBe('subscribed')
    })
})
