import { beforeAll, describe, expect, test } from 'vitest'
import { Addressee } from '../../client/addressee.ts'
import type { Db } from '../../db/connect.ts'
import type { Id } from '../../db/schema.ts'
import type { NewCategory } from '../../domain/category-settings.ts'
import { atEnd } from '../setup/at-end.ts'
import { createDatabase } from '../setup/database.ts'
import { query, seedResource } from '../setup/seed.ts'

let db: Db
let addressee: Addressee
let resourceId: Id

beforeAll(async () => {
  const database = await createDatabase()
  db = database.db
  addressee = new Addressee({ databaseUrl: database.url })
  atEnd(() => addressee.close())
  resourceId = await seedResource(db, 'acme')
})

const create = (title: string, changes: Partial<NewCategory> = {}) =>
  addressee.categories.create({ resource: 'acme', title, ...changes })

describe('the key', () => {
  test.each([
    ['🎉🎉', 'tada-tada'],
    ['𝟘\u{1F9FF}', /^[a-z0-9-]+$/],
    ['\u200f\u202e', 'category'],
    ['ニュース', 'niyusu'],
    ['新闻', 'xinwen'],
    ['חדשות', /^[a-z0-9-]+$/],
    ['أخبار', 'khbr'],
    ['Новини та акції', 'novini-ta-aktsii'],
  ])('of %j is %s', async (title, key) => {
    expect((await create(title)).key).toMatch(typeof key === 'string' ? new RegExp(`^${key}$`) : key)
  })

  test('of a title that is taken gets a number, also where a segment or a deleted category has it', async () => {
    await addressee.segments.create({ key: 'hits-2' })
    expect((await create('Hits')).key).toBe('hits')
    expect((await create('Hits')).key).toBe('hits-3')
    await addressee.categories.delete('hits-3')
    expect((await create('Hits!')).key).toBe('hits-4')
    expect((await create('x'.repeat(70))).key).toBe('x'.repeat(60))
    expect((await create('x'.repeat(70))).key).toBe(`${'x'.repeat(58)}-2`)
  })

  test('of creators at once is one for each', async () => {
    const created = await Promise.all(Array.from({ length: 12 }, () => create('Rush')))
    expect(new Set(created.map(({ key }) => key)).size).toBe(12)
  })

  test('is found among ten thousand of the same title with a few look-ups', async () => {
    await query(
      db,
      `insert into category (key, title, resource_id)
       select 'same' || case when n = 1 then '' else '-' || n end, 'Same', ${resourceId} from generate_series(1, 10000) n`,
    )
    await query(db, `delete from category where key in ('same-4711', 'same-9999')`)
    // The number is free; which of the free ones it is, is no promise.
    expect((await create('Same')).key).toBe('same-10001')
    expect(await query(db, `select count(*)::int as n from category where title = 'Same'`)).toEqual([{ n: 9999 }])
    await query(db, `delete from segment where title = 'Same'`)
    await query(db, `delete from category where title = 'Same'`)
  })

  test('given by hand finds the category again, in its resource alone', async () => {
    await seedResource(db, 'other')
    const first = await create('By hand', { key: 'by-hand' })
    expect(await create('Again', { key: 'by-hand' })).toEqual({ ...first, created: false })
    await expect(create('x', { key: 'by-hand', resource: 'other' })).rejects.toThrow(
      'exists already, in another resource',
    )
    await addressee.categories.delete('by-hand')
    await expect(create('x', { key: 'by-hand' })).rejects.toThrow('key: category by-hand was deleted')
  })
})
