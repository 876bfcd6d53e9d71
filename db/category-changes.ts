import { sql } from 'kysely'
import { type CategoryPatch, patchedCategory } from '../domain/category-settings.ts'
import { categoryByKey, holdCategory, requireCategory } from './categories.ts'
import { refuseBeyondCap } from './category-cap.ts'
import { takeTurnOfKeys } from './category-key.ts'
import type { Db } from './connect.ts'
import { columnsOf } from './create-category.ts'
import type { Id } from './schema.ts'
import { refuseWhileNeeded } from './unfinished-campaigns.ts'

/** Applies a patch. Its segment is called what the category is. @throws {Refusal} for what would not hold afterwards. */
export async function updateCategory(db: Db, key: string, patch: CategoryPatch): Promise<void> {
  await db.transaction().execute(async (db) => {
    // Two patches of different fields must not undo each other.
    const id = await holdCategory(db, key, 'forNoKeyUpdate')
    const stands = await categoryByKey(db, key)
    const patched = patchedCategory(stands, patch)
    await db
      .updateTable('category')
      .set({ ...columnsOf(patched), updated_at: sql`now()` })
      .where('id', '=', id)
      .execute()
    await db.updateTable('segment').set({ title: patched.title }).where('category_id', '=', id).execute()
  })
}

/** Out of use, but with everything it has. Archived already: nothing changes. */
export async function archiveCategory(db: Db, key: string): Promise<void> {
  await db
    .updateTable('category')
    .set({ archived_at: sql`now()`, updated_at: sql`now()` })
    .where('id', '=', await requireCategory(db, key))
    .where('archived_at', 'is', null)
    .execute()
}

/** @throws {Refusal} when as many are active as may be. */
export async function unarchiveCategory(db: Db, key: string): Promise<void> {
  await db.transaction().execute(async (db) => {
    await takeTurnOfKeys(db)
    const id = await holdCategory(db, key, 'forNoKeyUpdate')
    const archived = db.selectFrom('category').select('id').where('id', '=', id).where('archived_at', 'is not', null)
    if ((await archived.executeTakeFirst()) === undefined) return
    await refuseBeyondCap(db)
    await db.updateTable('category').set({ archived_at: null, updated_at: sql`now()` }).where('id', '=', id).execute()
  })
}

/**
 * Takes a category out of use for good, and its segment with it. Contacts stay, what they said stays as history, and its
 * key stays taken.
 * @throws {Refusal} while a campaign that is not over names the category or its segment.
 */
export async function deleteCategory(db: Db, key: string): Promise<void> {
  await db.transaction().execute(async (db) => {
    // Waits for whoever schedules with it at this moment, and makes who comes later wait.
    const id = await holdCategory(db, key, 'forUpdate')
    await refuseWhileNeeded(db, 'category', { categoryIds: [id] })
    await retireCategories(db, [id])
  })
}

/**
 * What deleting means for the rows. A segment that a past campaign names stays for its record; like the others it is
 * found no more, because its category is not.
 */
export async function retireCategories(db: Db, ids: Id[]): Promise<void> {
  const those = sql`any(${ids}::bigint[])`
  await sql`update category set deleted_at = now(), updated_at = now() where id = ${those}`.execute(db)
  await sql`
    delete from segment where category_id = ${those}
      and not exists (select from campaign_segment named where named.segment_id = segment.id)`.execute(db)
  await sql`
    update opt_in_request set state = 'withdrawn', settled_at = now()
    where category_id = ${those} and state = 'pending'`.execute(db)
}
