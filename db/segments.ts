import { sql } from 'kysely'
import { Refusal } from '../domain/refusal.ts'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'

/**
 * Creates a static segment; a key that a static segment has is that segment.
 * @throws {Refusal} when the key is that of a category's protected segment, or was.
 */
export async function createSegment(db: Db, key: string, title: string): Promise<{ id: Id; created: boolean }> {
  await refuseKeyOfDeleted(db, key)
  const inserted = await db
    .insertInto('segment')
    .values({ key, title, kind: 'static' })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (inserted !== undefined) return { id: inserted.id, created: true }
  return { id: await staticSegmentId(db, key), created: false }
}

/** Old campaigns and imports that name it would find other people. */
async function refuseKeyOfDeleted(db: Db, key: string): Promise<void> {
  const deleted = db.selectFrom('category').select('id').where('key', '=', key).where('deleted_at', 'is not', null)
  if ((await deleted.executeTakeFirst()) === undefined) return
  throw new Refusal({
    field: 'segment',
    rule: `${key} was the key of a category that was deleted, and stays taken`,
    remedy: 'Use another key.',
  })
}

async function staticSegmentId(db: Db, key: string): Promise<Id> {
  const found = await db.selectFrom('segment').select(['id', 'kind']).where('key', '=', key).executeTakeFirst()
  if (found?.kind === 'static') return found.id
  throw new Refusal({
    field: 'segment',
    rule:
      found === undefined ? `there is no segment ${key}` : `segment ${key} is a category's own and cannot be changed`,
    remedy: found === undefined ? 'Create it first.' : "Change the category's subscriptions, or use another key.",
  })
}

/**
 * Adds contacts to a static segment, never twice.
 * @returns how many were not in it before.
 */
export async function addToSegment(db: Db, key: string, contactIds: Id[]): Promise<number> {
  const segmentId = await staticSegmentId(db, key)
  const { numAffectedRows } = await sql`
    insert into segment_member (segment_id, contact_id)
    select ${segmentId}, id from contact where id = any(${contactIds}::bigint[])
    on conflict do nothing`.execute(db)
  return Number(numAffectedRows ?? 0n)
}
