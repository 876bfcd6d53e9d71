import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import { takeTurn } from '../../db/consent.ts'
import { unsubscribe } from '../../db/unsubscribe.ts'
import { createDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'
import { addressKey, seedContact } from '../setup/seed.ts'
import { act, claimsOf, eventsOf, refusalsOf, type SentMessage, seedSent, statusOf } from '../setup/unsubscribe-seed.ts'

// Requests at the same time as other requests, an import, or the erasure of a contact.

let db: Db
beforeAll(async () => {
  db = (await createDatabase()).db
})

/** Another contact with the address of the message, subscribed to its category, and a message of its own. */
async function seedTwin(sent: SentMessage): Promise<SentMessage> {
  const category = sent.categories[0]?.id as string
  const contactId = await seedContact(db, { address: sent.address, subscriptions: { [category]: 'subscribed' } })
  await sql`
    insert into recipient (campaign_id, seq, contact_id, address, address_key, category_ids)
    select campaign_id, 2, ${contactId}, address, address_key, category_ids from recipient
    where campaign_id = ${sent.campaignId} and seq = 1`.execute(db)
  return { ...sent, contactId }
}

/** Waits until that many sessions wait for a lock in this database. */
const waiting = (sessions: number) =>
  eventually(async () => {
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(db)
    expect(rows[0]?.n).toBe(sessions)
  })

test.each([1, 2, 3, 4, 5])('the links of twins, many times at once: each contact has one event (%i)', async (round) => {
  const sent = await seedSent(db, { address: `twins-${round}@example.com` })
  const twin = await seedTwin(sent)
  const links = [sent, twin, sent, twin, twin, sent, twin, sent]
  const outcomes = await Promise.all(links.map((link) => unsubscribe(db, claimsOf(link), act)))
  expect(outcomes.filter(({ kind }) => kind === 'unsubscribed')).toHaveLength(1)
  expect((await eventsOf(db, sent.campaignId)).map((event) => event.contact_id)).toEqual([
    sent.contactId,
    twin.contactId,
  ])
  expect(await refusalsOf(db, sent.address)).toHaveLength(1)
})

test('a second request waits for the first and changes nothing after it', async () => {
  const sent = await seedSent(db)
  const key = { address_key: addressKey(sent.address), channel: 'email', category_id: sent.categories[0]?.id ?? null }
  const { outcome } = await db.transaction().execute(async (first) => {
    await first.insertInto('address_refusal').values(key).execute()
    await first
      .updateTable('subscription')
      .set({ status: 'unsubscribed' })
      .where('contact_id', '=', sent.contactId)
      .execute()
    const outcome = unsubscribe(db, claimsOf(sent), act)
    await waiting(1)
    return { outcome }
  })
  expect((await outcome).kind).toBe('already')
  expect(await eventsOf(db, sent.campaignId)).toEqual([])
})

test('a request waits for the import that is running, and reaches whoever gained the address', async () => {
  const sent = await seedSent(db)
  const category = sent.categories[0]?.id as string
  const gaining = await seedContact(db, { address: null, subscriptions: { [category]: 'subscribed' } })
  const { outcome } = await db.transaction().execute(async (importing) => {
    await takeTurn(importing)
    const outcome = unsubscribe(db, claimsOf(sent), act)
    await waiting(1)
    const address = { contact_id: gaining, channel: 'email', value: sent.address }
    await importing
      .insertInto('contact_address')
      .values({ ...address, address_key: addressKey(sent.address) })
      .execute()
    return { outcome }
  })
  expect((await outcome).kind).toBe('unsubscribed')
  expect(await statusOf(db, gaining, category)).toBe('unsubscribed')
})

test('a contact that is erased meanwhile: the address refuses, with its proof', async () => {
  const sent = await seedSent(db)
  const { outcome } = await db.transaction().execute(async (erasing) => {
    await erasing.deleteFrom('contact').where('id', '=', sent.contactId).execute()
    const outcome = unsubscribe(db, claimsOf(sent), act)
    await waiting(1)
    return { outcome }
  })
  expect((await outcome).kind).toBe('unsubscribed')
  expect(await refusalsOf(db, sent.address)).toHaveLength(1)
  expect(await eventsOf(db, sent.campaignId)).toMatchObject([{ contact_id: sent.contactId, action: 'unsubscribed' }])
})
