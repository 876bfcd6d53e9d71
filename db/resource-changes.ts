import { sql } from 'kysely'
import { type ParsedResource, patchedResource, type ResourcePatch } from '../domain/resource-settings.ts'
import { retireCategories } from './category-changes.ts'
import type { Db } from './connect.ts'
import { columnsOf, holdResource, replaceChannels, requireResource } from './resources.ts'
import type { Id } from './schema.ts'
import { storedResource } from './stored-resource.ts'
import { refuseWhileNeeded } from './unfinished-campaigns.ts'

/** Applies a patch, all of it or nothing. @throws {Refusal} for what would not hold afterwards. */
export async function updateResource(
  db: Db,
  key: string,
  patch: ResourcePatch,
): Promise<{ id: Id; resource: ParsedResource }> {
  return db.transaction().execute(async (db) => {
    // Two patches of different fields must not undo each other.
    const id = await holdResource(db, key, 'forNoKeyUpdate')
    const resource = patchedResource(await storedResource(db, id), patch)
    await db
      .updateTable('resource')
      .set({ ...columnsOf(resource), updated_at: sql`now()` })
      .where('id', '=', id)
      .execute()
    await replaceChannels(db, id, resource.channels)
    return { id, resource }
  })
}

/**
 * Takes a resource out of use for good, and its categories with it. Its subscribers and campaigns stay as history, and
 * its key stays taken.
 * @throws {Refusal} while a campaign that is not over needs it.
 */
export async function deleteResource(db: Db, key: string): Promise<void> {
  await db.transaction().execute(async (db) => {
    // Waits for whoever schedules for it at this moment, and makes who comes later wait.
    const id = await holdResource(db, key, 'forUpdate')
    const categories = await db
      .selectFrom('category')
      .select('id')
      .where('resource_id', '=', id)
      .where('deleted_at', 'is', null)
      .orderBy('id')
      .forUpdate()
      .execute()
    const categoryIds = categories.map((category) => category.id)
    await refuseWhileNeeded(db, 'resource', { resourceId: id, categoryIds })
    await retireCategories(db, categoryIds)
    await db
      .updateTable('resource')
      .set({ deleted_at: sql`now()`, updated_at: sql`now()` })
      .where('id', '=', id)
      .execute()
  })
}

/** Makes a new token; whoever knew the old one knows nothing any more. @returns the new one. */
export async function rotateResourceToken(db: Db, key: string): Promise<string> {
  const { token } = await db
    .updateTable('resource')
    .set({ token: sql`replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')`, updated_at: sql`now()` })
    .where('id', '=', await requireResource(db, key))
    .returning('token')
    .executeTakeFirstOrThrow()
  return token
}
