import { beforeAll, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import { describeUnsubscribe } from '../../db/describe-unsubscribe.ts'
import { unsubscribe } from '../../db/unsubscribe.ts'
import { createDatabase } from '../setup/database.ts'
import { addressKey, seedContact } from '../setup/seed.ts'
import {
  act,
  claimsOf,
  dropLedger,
  eventsOf,
  refusalsOf as refusals,
  seedSent,
  statusOf,
} from '../setup/unsubscribe-seed.ts'

// What a link still does when the contact, or the ledger that it came from, is no longer there.

let db: Db
beforeAll(async () => {
  db = (await createDatabase()).db
})
const refusalsOf = (address: string) => refusals(db, address)

test('a contact in the Deleted tab: changed and refused like any other', async () => {
  const sent = await seedSent(db)
  await db.updateTable('contact').set({ deleted_at: new Date() }).where('id', '=', sent.contactId).execute()
  expect((await unsubscribe(db, claimsOf(sent), act)).kind).toBe('unsubscribed')
  expect(await statusOf(db, sent.contactId, sent.categories[0]?.id)).toBe('unsubscribed')
  expect(await refusalsOf(sent.address)).toHaveLength(1)
  expect(await eventsOf(db, sent.campaignId)).toHaveLength(1)
})

test('an erased contact: the address refuses, with its proof, once', async () => {
  const sent = await seedSent(db)
  const category = sent.categories[0]?.id as string
  await db.deleteFrom('contact').where('id', '=', sent.contactId).execute()
  expect((await describeUnsubscribe(db, claimsOf(sent))).kind).toBe('subscribed')
  expect((await unsubscribe(db, claimsOf(sent), act)).kind).toBe('unsubscribed')
  expect(await refusalsOf(sent.address)).toEqual([{ channel: 'email', category_id: category, resource_id: null }])
  expect((await unsubscribe(db, claimsOf(sent), act)).kind).toBe('already')
  expect(await eventsOf(db, sent.campaignId)).toMatchObject([
    { contact_id: sent.contactId, category_id: category, address_key: addressKey(sent.address) },
  ])
})

test('an erased contact: who holds the address now is changed too', async () => {
  const sent = await seedSent(db, { address: 'kept@example.com' })
  const category = sent.categories[0]?.id as string
  const holder = await seedContact(db, { address: 'kept@example.com', subscriptions: { [category]: 'subscribed' } })
  await db.deleteFrom('contact').where('id', '=', sent.contactId).execute()
  await unsubscribe(db, claimsOf(sent), act)
  expect(await statusOf(db, holder, category)).toBe('unsubscribed')
  expect((await eventsOf(db, sent.campaignId)).map((event) => event.contact_id)).toEqual([sent.contactId, holder])
})

test("a dropped ledger: the message's categories, and every address of the contact on the channel", async () => {
  const sent = await seedSent(db, { titles: ['A', 'B'], address: 'first@example.com' })
  await db
    .insertInto('contact_address')
    .values({
      contact_id: sent.contactId,
      channel: 'email',
      value: 'second@example.com',
      address_key: addressKey('second@example.com'),
    })
    .execute()
  await dropLedger(db, sent.campaignId)
  const outcome = await unsubscribe(db, claimsOf(sent), act)
  expect(outcome).toMatchObject({ kind: 'unsubscribed', scope: { categories: ['A', 'B'] } })
  for (const { id } of sent.categories) expect(await statusOf(db, sent.contactId, id)).toBe('unsubscribed')
  expect(await refusalsOf('first@example.com')).toHaveLength(2)
  expect(await refusalsOf('second@example.com')).toHaveLength(2)
  expect((await unsubscribe(db, claimsOf(sent), act)).kind).toBe('already')
})

test('a dropped ledger and a contact without an address: the subscription is refused', async () => {
  const sent = await seedSent(db)
  await dropLedger(db, sent.campaignId)
  await db.deleteFrom('contact_address').where('contact_id', '=', sent.contactId).execute()
  expect((await unsubscribe(db, claimsOf(sent), act)).kind).toBe('unsubscribed')
  expect(await statusOf(db, sent.contactId, sent.categories[0]?.id)).toBe('unsubscribed')
})

test('neither ledger nor contact, or no such campaign: gone', async () => {
  const sent = await seedSent(db)
  await dropLedger(db, sent.campaignId)
  await db.deleteFrom('contact').where('id', '=', sent.contactId).execute()
  expect(await unsubscribe(db, claimsOf(sent), act)).toEqual({ kind: 'gone' })
  expect(await describeUnsubscribe(db, claimsOf(sent))).toEqual({ kind: 'gone' })
  expect(await unsubscribe(db, { ...claimsOf(sent), campaignId: '999999999' }, act)).toEqual({ kind: 'gone' })
  expect(await eventsOf(db, sent.campaignId)).toEqual([])
})
