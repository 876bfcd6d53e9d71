import { sql } from 'kysely'
import { keyFromTitle } from '../domain/category-key.ts'
import { Refusal } from '../domain/refusal.ts'
import type { Db } from './connect.ts'
import { requireResource } from './resources.ts'
import type { Id } from './schema.ts'

export interface NewCategory {
  resource: string
  title: string
  /** Made from the title when absent. */
  key?: string
  description?: string
  consent: 'opt_in' | 'opt_out'
  /** Null: every channel. */
  channels: string[] | null
}

/**
 * Creates a category and, with it, its protected segment of the same key and title. Given a key that is taken by a
 * category of the same resource, returns that one unchanged.
 * @throws {Refusal} for an unknown resource, and for a key that something else has.
 */
export async function createCategory(
  db: Db,
  category: NewCategory,
): Promise<{ id: Id; key: string; created: boolean }> {
  return db.transaction().execute(async (db) => {
    const resourceId = await requireResource(db, category.resource)
    // Two at once must not make the same key from the same title.
    await sql`select pg_advisory_xact_lock(hashtextextended('addressee: category keys', 0))`.execute(db)
    const existing = category.key === undefined ? undefined : await findByKey(db, category.key)
    if (existing !== undefined) return { ...sameResource(existing, resourceId), created: false }
    const key = category.key ?? keyFromTitle(category.title, await takenKeys(db))
    await refuseSegmentKey(db, key)
    const { id } = await db
      .insertInto('category')
      .values({
        key,
        resource_id: resourceId,
        title: category.title,
        description: category.description ?? null,
        consent: category.consent,
        channels: category.channels,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    await db.insertInto('segment').values({ key, title: category.title, kind: 'category', category_id: id }).execute()
    return { id, key, created: true }
  })
}

interface Found {
  id: Id
  key: string
  resource_id: Id
}

const findByKey = (db: Db, key: string): Promise<Found | undefined> =>
  db.selectFrom('category').select(['id', 'key', 'resource_id']).where('key', '=', key).executeTakeFirst()

function sameResource({ id, key, resource_id }: Found, resourceId: Id): { id: Id; key: string } {
  if (resource_id === resourceId) return { id, key }
  throw new Refusal({
    field: 'key',
    rule: `category ${key} exists already, in another resource`,
    remedy: 'Choose another key: they are unique across resources.',
  })
}

/** Keys of categories and of segments: the protected segment gets the category's. */
async function takenKeys(db: Db): Promise<Set<string>> {
  const rows = await db.selectFrom('category').select('key').union(db.selectFrom('segment').select('key')).execute()
  return new Set(rows.map((row) => row.key))
}

async function refuseSegmentKey(db: Db, key: string): Promise<void> {
  const segment = await db.selectFrom('segment').select('id').where('key', '=', key).executeTakeFirst()
  if (segment === undefined) return
  throw new Refusal({
    field: 'key',
    rule: `a segment has the key ${key} already, and the category's own segment needs it`,
    remedy: 'Choose another key for the category.',
  })
}

export interface CategoryRow {
  id: Id
  key: string
  resource: string
  title: string
  description: string | null
  consent: 'opt_in' | 'opt_out'
  channels: string[] | null
  subscribed: number
}

/** Every category with how many contacts have said yes. */
export async function listCategories(db: Db): Promise<CategoryRow[]> {
  return db
    .selectFrom('category as c')
    .innerJoin('resource as r', 'r.id', 'c.resource_id')
    .select([
      'c.id',
      'c.key',
      'r.key as resource',
      'c.title',
      'c.description',
      'c.consent',
      'c.channels',
      sql<number>`(select count(*)::int from subscription s where s.category_id = c.id and s.status = 'subscribed')`.as(
        'subscribed',
      ),
    ])
    .orderBy('c.key')
    .execute()
}

/** @throws {Refusal} when there is no such category. */
export async function requireCategory(db: Db, key: string): Promise<Id> {
  const found = await findByKey(db, key)
  if (found !== undefined) return found.id
  throw new Refusal({
    field: 'category',
    rule: `there is no category ${key}`,
    remedy: 'Create it first, or correct the key (addressee categories list).',
  })
}
