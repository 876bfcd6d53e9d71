import { beforeAll, describe, expect, test } from 'vitest'
import { Addressee } from '../../client/addressee.ts'
import { freezeAudience } from '../../db/audience.ts'
import type { Db } from '../../db/connect.ts'
import type { Id } from '../../db/schema.ts'
import { atEnd } from '../setup/at-end.ts'
import { createDatabase } from '../setup/database.ts'
import { addressKey, query, seedCampaign, seedCategory, seedContact, seedResource, suppress } from '../setup/seed.ts'

let db: Db
let addressee: Addressee
let number = 0

beforeAll(async () => {
  const database = await createDatabase()
  db = database.db
  addressee = new Addressee({ databaseUrl: database.url })
  atEnd(() => addressee.close())
})

/** A resource with one subscriber, who has the addresses a, b and c: the contact prefers c, then b. */
async function shop({ raises = false } = {}) {
  number += 1
  const prefix = `n${number}`
  const resourceId = await seedResource(db, `shop-${number}`)
  await db.updateTable('resource').set({ raises_new_addresses: raises }).where('id', '=', resourceId).execute()
  const { id: categoryId } = await seedCategory(db, resourceId)
  const contact = await seedContact(db, { address: null, subscriptions: { [categoryId]: 'subscribed' } })
  for (const [priority, name] of ['a', 'b', 'c'].entries())
    await give(contact, `${prefix}-${name}@example.com`, priority)
  const add = (name: string, priority?: number) =>
    addressee.resources.addAddress(
      { resource: `shop-${number}`, contact, address: `${prefix}-${name}@example.com` },
      priority,
    )
  const mailed = async () => {
    const campaign = await seedCampaign(db, { resourceId, categories: [categoryId] })
    await freezeAudience(db, campaign)
    const rows = await query<{ address: string }>(db, `select address from recipient where campaign_id = ${campaign}`)
    return rows.map(({ address }) => address.slice(prefix.length + 1, prefix.length + 2)).join()
  }
  const priorities = async () =>
    Object.fromEntries(
      (
        await query<{ value: string; priority: number }>(
          db,
          `select value, priority from resource_address where resource_id = ${resourceId}`,
        )
      ).map(({ value, priority }) => [value.slice(prefix.length + 1, prefix.length + 2), priority]),
    )
  return { resourceId, categoryId, contact, prefix, add, mailed, priorities }
}

const give = (contactId: Id, value: string, priority: number) =>
  db
    .insertInto('contact_address')
    .values({ contact_id: contactId, channel: 'email', value, address_key: addressKey(value), priority })
    .execute()

describe('campaigns go', () => {
  test('to the address that the contact prefers, as long as the resource knows none, or none above the others', async () => {
    const { add, mailed } = await shop()
    expect(await mailed()).toBe('c')
    await add('a')
    expect(await mailed()).toBe('c')
  })

  test('to the one that the resource prefers', async () => {
    const { add, mailed } = await shop()
    await add('b', 5)
    await add('a', 3)
    expect(await mailed()).toBe('b')
    await add('a', 7)
    expect(await mailed()).toBe('a')
  })

  test('past one with a priority below nothing, and past one that is dead', async () => {
    const { add, mailed, prefix } = await shop()
    await add('c', -1)
    expect(await mailed()).toBe('b')
    await add('a', 9)
    await db
      .updateTable('contact_address')
      .set({ status: 'bounced' })
      .where('value', '=', `${prefix}-a@example.com`)
      .execute()
    expect(await mailed()).toBe('b')
  })

  test('nowhere when the preferred one is suppressed: a preference is no way around', async () => {
    const { add, mailed, prefix } = await shop()
    await add('a', 9)
    await suppress(db, `${prefix}-a@example.com`, 'complained')
    expect(await mailed()).toBe('')
  })

  test('as another resource prefers, only of that resource', async () => {
    const first = await shop()
    await first.add('a', 9)
    const second = await seedResource(db)
    const { id } = await seedCategory(db, second)
    await db
      .insertInto('subscription')
      .values({ category_id: id, contact_id: first.contact, status: 'subscribed', source: 'test' })
      .execute()
    const campaign = await seedCampaign(db, { resourceId: second, categories: [id] })
    await freezeAudience(db, campaign)
    expect(await query(db, `select address from recipient where campaign_id = ${campaign}`)).toEqual([
      { address: `${first.prefix}-c@example.com` },
    ])
  })

  test('where preview and explain say', async () => {
    const { add, resourceId, categoryId, contact, prefix } = await shop()
    await add('a', 9)
    await suppress(db, `${prefix}-a@example.com`, 'bounced')
    const id = await seedCampaign(db, { resourceId, categories: [categoryId] })
    expect((await addressee.campaigns.preview(id)).funnel).toMatchObject({ included: 0, 'suppressed:bounced': 1 })
    expect(await addressee.campaigns.explain(id, contact)).toMatchObject([{ reason: 'suppressed:bounced' }])
  })
})

describe('an address that is new to a resource that raises new ones', () => {
  test('goes before all others, unless its priority is said: then the others are left alone', async () => {
    const { add, mailed, priorities } = await shop({ raises: true })
    await add('b')
    await add('a')
    expect(await priorities()).toEqual({ a: 2, b: 1 })
    expect(await mailed()).toBe('a')
    await add('c', 1)
    expect(await priorities()).toEqual({ a: 2, b: 1, c: 1 })
    await add('b')
    expect(await priorities()).toEqual({ a: 2, b: 1, c: 1 })
  })

  test('goes before one of the highest priority', async () => {
    const { add, priorities } = await shop({ raises: true })
    await add('a', 10_000)
    await add('b')
    expect(await priorities()).toEqual({ a: 10_000, b: 10_001 })
    await expect(add('c', 10_001)).rejects.toThrow('priority: must be a whole number between -10000 and 10000')
    await expect(add('c', 0.5)).rejects.toThrow('priority: must be a whole number')
  })

  test('beside another new one has a place of its own', async () => {
    const { add, priorities } = await shop({ raises: true })
    await Promise.all(['a', 'b', 'c'].map((name) => add(name)))
    expect(Object.values(await priorities()).toSorted()).toEqual([1, 2, 3])
  })

  test('is not raised where the resource does not raise', async () => {
    const { add, priorities } = await shop()
    await add('a')
    await add('b', 4)
    expect(await priorities()).toEqual({ a: 0, b: 4 })
  })
})

test('an address that the contact does not have, and a resource that is deleted, are refused', async () => {
  const { add } = await shop()
  await expect(add('x')).rejects.toThrow('address: is no address of the contact on the channel email')
  await addressee.resources.delete(`shop-${number}`)
  await expect(add('a')).rejects.toThrow('was deleted')
})
