import type { Insertable, Selectable } from 'kysely'
import { Refusal } from '../domain/refusal.ts'
import type { Db } from './connect.ts'
import type { Id, Schema } from './schema.ts'

type ListedResource = Pick<Selectable<Schema['resource']>, (typeof listedColumns)[number]>

const listedColumns = [
  'id',
  'key',
  'name',
  'from_name',
  'from_address',
  'reply_to',
  'list_label',
  'list_id',
  'dkim_domain',
  'dkim_selector',
  'created_at',
] as const

/** Creates a resource; a key that is taken is that resource, unchanged. */
export async function createResource(
  db: Db,
  resource: Insertable<Schema['resource']>,
): Promise<{ id: Id; created: boolean }> {
  const inserted = await db
    .insertInto('resource')
    .values(resource)
    .onConflict((conflict) => conflict.column('key').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (inserted !== undefined) return { id: inserted.id, created: true }
  const { id } = await db.selectFrom('resource').select('id').where('key', '=', resource.key).executeTakeFirstOrThrow()
  return { id, created: false }
}

/** Without the private keys: nobody needs to read those back. */
export async function listResources(db: Db): Promise<ListedResource[]> {
  return db.selectFrom('resource').select(listedColumns).orderBy('key').execute()
}

/** @throws {Refusal} when there is no such resource. */
export async function requireResource(db: Db, key: string): Promise<Id> {
  const found = await db.selectFrom('resource').select('id').where('key', '=', key).executeTakeFirst()
  if (found !== undefined) return found.id
  throw new Refusal({
    field: 'resource',
    rule: `there is no resource ${key}`,
    remedy: 'Create it first, or correct the key (addressee resources list).',
  })
}
