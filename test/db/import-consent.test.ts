import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { loadAddressKeys } from '../../db/installation.ts'
import { createImports, nothing } from '../setup/imports.ts'

const { db, importText, subscriptions, optOuts, events } = await createImports()

const event = { through: 'import', channel: 'email', category_id: null, resource_id: null }

test('who unsubscribed, opted out or was asked to confirm is not subscribed by an import', async () => {
  const file = 'id,email,topics\n1,a@example.com,news;offers\n2,b@example.com,news;events\n3,c@example.com,news\n'
  await importText('id,email\n1,a@example.com\n2,b@example.com\n3,c@example.com\n4,d@example.com\n')
  await sql`insert into subscription (category_id, contact_id, status, source)
    values (1, 1, 'unsubscribed', 'page'), (1, 3, 'pending', 'form')`.execute(db)
  await sql`insert into opt_out (contact_id, resource_id, channel, source)
    values (2, 1, null, 'page'), (4, null, 'sms', 'page')`.execute(db)
  const report = await importText(`${file}4,d@example.com,news\n`)
  expect(report).toEqual({ ...nothing, rows: 4, updated: 3, unchanged: 1, subscribed: 3, refusalsKept: 2 })
  expect(await subscriptions()).toEqual([
    { contact_id: '1', key: 'news', status: 'unsubscribed' },
    { contact_id: '1', key: 'offers', status: 'subscribed' },
    { contact_id: '2', key: 'events', status: 'subscribed' },
    { contact_id: '3', key: 'news', status: 'pending' },
    { contact_id: '4', key: 'news', status: 'subscribed' },
  ])
  expect((await events()).map((each) => [each.contact_id, each.action, each.category_id])).toEqual([
    ['1', 'subscribed', '2'],
    ['2', 'subscribed', '3'],
    ['4', 'subscribed', '1'],
  ])
})

test('"no" in the opt-out column takes no opt-out back', async () => {
  await importText('id,email,unsubscribed\n1,a@example.com,x\n')
  const report = await importText('id,email,unsubscribed,topics\n1,a@example.com,no,news\n')
  expect(report).toEqual({ ...nothing, rows: 1, unchanged: 1, refusalsKept: 1 })
  expect(await optOuts()).toHaveLength(1)
})

test('a contact that gains an address inherits what was refused through it', async () => {
  await importText('id,email,topics\n1,old@example.com,news;offers\n')
  const keyOf = await loadAddressKeys(db)
  const refuse = async (address: string, category: string | null, resource: string | null) => {
    const key = keyOf('email', address)
    const scope = { category_id: category, resource_id: resource }
    await db
      .insertInto('address_refusal')
      .values({ address_key: key, channel: 'email', ...scope })
      .execute()
  }
  await refuse('refused@example.com', '1', null)
  await refuse('refused@example.com', null, '2')
  await refuse('never@example.com', null, null)
  const report = await importText(
    'id,email,topics\n1,Refused@example.com,events\n2,refused@EXAMPLE.com,news;offers\n3,never@example.com,news\n',
  )
  expect(report).toEqual({ ...nothing, rows: 3, created: 2, updated: 1, subscribed: 1, refusalsKept: 3 })
  expect(await subscriptions()).toEqual([
    { contact_id: '1', key: 'news', status: 'unsubscribed' },
    { contact_id: '1', key: 'offers', status: 'subscribed' },
    { contact_id: '2', key: 'news', status: 'unsubscribed' },
    { contact_id: '2', key: 'offers', status: 'subscribed' },
  ])
  const optedOut = (await optOuts()).toSorted((a, b) => a.contact_id.localeCompare(b.contact_id))
  expect(optedOut).toEqual([
    { contact_id: '1', resource_id: '2', channel: 'email', source: 'test' },
    { contact_id: '2', resource_id: '2', channel: 'email', source: 'test' },
    { contact_id: '3', resource_id: null, channel: 'email', source: 'test' },
  ])
  const inherited = (await events()).filter((each) => each.explanation === 'inherited from the address')
  const proof = { ...event, legal_basis: null, explanation: 'inherited from the address' }
  expect(inherited).toHaveLength(5)
  expect(inherited).toContainEqual({ ...proof, contact_id: '1', action: 'unsubscribed', category_id: '1' })
  expect(inherited).toContainEqual({ ...proof, contact_id: '2', action: 'unsubscribed', category_id: '1' })
  expect(inherited).toContainEqual({ ...proof, contact_id: '1', action: 'opted_out', resource_id: '2' })
  expect(inherited).toContainEqual({ ...proof, contact_id: '2', action: 'opted_out', resource_id: '2' })
  expect(inherited).toContainEqual({ ...proof, contact_id: '3', action: 'opted_out' })
  const again = await importText('id,email\n1,refused@example.com\n2,refused@example.com\n')
  expect(again).toEqual({ ...nothing, rows: 2, unchanged: 2 })
})

test('an import waits for a refusal that is being written, and then obeys it', async () => {
  const keyOf = await loadAddressKeys(db)
  let importing: Promise<unknown> = Promise.resolve()
  await db.transaction().execute(async (db) => {
    await sql`select holders_in_turn(0, '{}', 'email')`.execute(db)
    importing = importText('id,email,topics\n1,a@example.com,news\n')
    const isWaiting = async () => {
      const { rows } = await sql<{ n: number }>`
        select count(*)::int as n from pg_locks
        where locktype = 'advisory' and not granted
          and database = (select oid from pg_database where datname = current_database())`.execute(db)
      return rows[0]?.n === 1
    }
    while (!(await isWaiting())) await new Promise((resolve) => setTimeout(resolve, 5))
    await db
      .insertInto('address_refusal')
      .values({ address_key: keyOf('email', 'a@example.com'), channel: 'email', category_id: '1', resource_id: null })
      .execute()
  })
  expect(await importing).toEqual({ ...nothing, rows: 1, created: 1, refusalsKept: 1 })
})

test('every row can be subscribed to further categories', async () => {
  const report = await importText('email,topics\na@example.com,news\nb@example.com,\n', {
    categories: ['news', 'events'],
  })
  expect(report).toMatchObject({ created: 2, subscribed: 4 })
  await expect(importText('email\na@example.com\n', { categories: ['old'] })).rejects.toThrow(
    'categories: there is no category "old". Known are: news, offers, events.',
  )
})
