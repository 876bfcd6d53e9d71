import { Readable } from 'node:stream'
import { beforeAll, describe, expect, test } from 'vitest'
import { Addressee } from '../../client/addressee.ts'
import type { Db } from '../../db/connect.ts'
import type { Id } from '../../db/schema.ts'
import type { NewCategory } from '../../domain/category-settings.ts'
import { atEnd } from '../setup/at-end.ts'
import { createDatabase } from '../setup/database.ts'
import { query, seedContact, seedResource } from '../setup/seed.ts'

let db: Db
let addressee: Addressee

beforeAll(async () => {
  const database = await createDatabase()
  db = database.db
  addressee = new Addressee({ databaseUrl: database.url })
  atEnd(() => addressee.close())
  await seedResource(db, 'acme')
  await seedResource(db, 'other')
})

const create = (title: string, changes: Partial<NewCategory> = {}) =>
  addressee.categories.create({ resource: 'acme', title, ...changes })

describe('taking contacts out', () => {
  const history = (contact: Id) =>
    query(
      db,
      `select action, through, actor, explanation from consent_event where contact_id = ${contact} order by number`,
    )
  const status = async (contact: Id, category: Id) =>
    (
      await query<{ status: string }>(
        db,
        `select status from subscription where contact_id = ${contact} and category_id = ${category}`,
      )
    )[0]?.status

  test('of a whole category is no refusal, has its proof, and leaves refusals alone', async () => {
    const { id } = await create('Emptied')
    const subscribed = await seedContact(db, { subscriptions: { [id]: 'subscribed' } })
    const pending = await seedContact(db, { subscriptions: { [id]: 'pending' } })
    const refused = await seedContact(db, { subscriptions: { [id]: 'unsubscribed' } })
    await db
      .insertInto('opt_in_request')
      .values({
        contact_id: pending,
        category_id: id,
        channel: 'email',
        address_key: Buffer.alloc(16),
        through: 'page',
        expires_at: new Date(),
      })
      .execute()
    expect(await addressee.categories.empty('emptied', { by: 'Grace' })).toEqual({ excluded: 2 })
    expect(await addressee.categories.empty('emptied')).toEqual({ excluded: 0 })
    expect(await Promise.all([subscribed, pending, refused].map((each) => status(each, id)))).toEqual([
      undefined,
      undefined,
      'unsubscribed',
    ])
    const proof = {
      action: 'unsubscribed',
      through: 'operator',
      actor: 'Grace',
      explanation: 'taken out of the category',
    }
    expect(await history(subscribed)).toEqual([proof])
    expect(await history(pending)).toEqual([proof])
    expect(await history(refused)).toEqual([])
    expect(await query(db, `select state from opt_in_request where category_id = ${id}`)).toEqual([
      { state: 'withdrawn' },
    ])
  })

  test('of a large category goes batch by batch to the end', async () => {
    const { id } = await create('Crowded')
    await query(db, `insert into contact (first_name) select 'crowd' from generate_series(1, 5001)`)
    await query(
      db,
      `insert into subscription (category_id, contact_id, status, source)
       select ${id}, id, 'subscribed', 'test' from contact where first_name = 'crowd'`,
    )
    expect(await addressee.categories.empty('crowded')).toEqual({ excluded: 5001 })
    expect(await query(db, `select count(*)::int as n from consent_event where category_id = ${id}`)).toEqual([
      { n: 5001 },
    ])
  })

  test('one by one goes by id and by address', async () => {
    const { id } = await create('Picked')
    const one = await seedContact(db, { subscriptions: { [id]: 'subscribed' } })
    const two = await seedContact(db, { subscriptions: { [id]: 'subscribed' } })
    expect(await addressee.categories.exclude('picked', one)).toEqual({ excluded: 1 })
    expect(await addressee.categories.exclude('picked', one)).toEqual({ excluded: 0 })
    expect([await status(one, id), await status(two, id)]).toEqual([undefined, 'subscribed'])
    await expect(addressee.categories.exclude('picked', 'nobody@example.com')).rejects.toThrow(
      'contact: there is no contact nobody@example.com',
    )
  })

  test('of an opt_out category is a refusal for one, and refused for all', async () => {
    const { id } = await create('Silent', { consent: 'opt_out' })
    const silent = await seedContact(db)
    await expect(addressee.categories.empty('silent')).rejects.toThrow('category: category silent is opt_out')
    expect(await addressee.categories.exclude('silent', silent, { by: 'Grace' })).toEqual({ excluded: 1 })
    expect(await status(silent, id)).toBe('unsubscribed')
    expect(await history(silent)).toHaveLength(1)
  })
})

describe('the sources of a resource', () => {
  test('are the only ones whose contacts an import subscribes', async () => {
    await addressee.resources.update('other', { contactSources: ['fair'] })
    await create('Fair news', { resource: 'other' })
    const csv = () => Readable.from('email,topics\nfair@example.com,fair-news\n')
    await expect(addressee.contacts.import(csv(), { source: 'shop', categories: ['fair-news'] })).rejects.toThrow(
      'there is no category "fair-news"',
    )
    expect(await addressee.contacts.import(csv(), { source: 'shop' })).toMatchObject({ subscribed: 0 })
    expect(await addressee.contacts.import(csv(), { source: 'fair' })).toMatchObject({ subscribed: 1 })
  })
})
