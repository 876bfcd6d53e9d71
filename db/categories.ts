import { type SelectQueryBuilder, sql } from 'kysely'
import type { CategorySettings } from '../domain/category-settings.ts'
import { Refusal } from '../domain/refusal.ts'
import type { Db } from './connect.ts'
import type { RowLock } from './row-lock.ts'
import type { Id, Schema } from './schema.ts'
import { type AccessGroup, isVisible } from './visible.ts'

export interface CategoryRow extends CategorySettings {
  /** Key of the resource. */
  resource: string
  subscribed: number
}

/** Categories by key with how many contacts have said yes; deleted ones never. */
export async function listCategories(
  db: Db,
  options: { resource?: string; includeArchived?: boolean } = {},
): Promise<CategoryRow[]> {
  let listed = rowsOf(db).where('category.deleted_at', 'is', null).orderBy('category.key')
  if (options.resource !== undefined) listed = listed.where('resource.key', '=', options.resource)
  if (!options.includeArchived) listed = listed.where('category.archived_at', 'is', null)
  return listed.execute()
}

/** Those that a group sees, by id; deleted ones never. Counted are the contacts of the page alone. */
export async function pageOfCategories(
  db: Db,
  page: { group: AccessGroup; resourceId: Id | null; archived: boolean; after: Id; limit: number },
): Promise<CategoryRow[]> {
  let listed = rowsOf(db)
    .where('category.deleted_at', 'is', null)
    .where('category.id', '>', page.after)
    .where(isVisible(page.group))
    .orderBy('category.id')
    .limit(page.limit)
  if (page.resourceId !== null) listed = listed.where('category.resource_id', '=', page.resourceId)
  if (!page.archived) listed = listed.where('category.archived_at', 'is', null)
  return listed.execute()
}

/** @throws {Refusal} when there is none, or it was deleted. */
export async function categoryByKey(db: Db, key: string): Promise<CategoryRow> {
  return rowsOf(db)
    .where('category.id', '=', await requireCategory(db, key))
    .executeTakeFirstOrThrow()
}

const rowsOf = (db: Db) =>
  categorySettings(db)
    .innerJoin('resource', 'resource.id', 'category.resource_id')
    .select([
      'resource.key as resource',
      sql<number>`(select count(*)::int from subscription
        where category_id = category.id and subscription.status = 'subscribed')`.as('subscribed'),
    ])

/** The id of a category, archived or not. @throws {Refusal} when there is none, or it was deleted. */
export const requireCategory = (db: Db, key: string): Promise<Id> => holdCategory(db, key, 'forKeyShare')

/** The same, held as firmly as the change to come needs it. */
export async function holdCategory(db: Db, key: string, lock: RowLock): Promise<Id> {
  const row = db.selectFrom('category').select(['id', 'deleted_at']).where('key', '=', key)
  const found = await row[lock]().executeTakeFirst()
  if (found?.deleted_at === null) return found.id
  throw new Refusal({
    field: 'category',
    rule: found === undefined ? `there is no category ${key}` : `category ${key} was deleted; its key stays taken`,
    remedy: 'Create it first, or correct the key (addressee categories list).',
  })
}

/** The categories of a resource by title, deleted ones never; with `includeArchived` those too that are out of use. */
export async function categoriesOf(
  db: Db,
  resourceId: Id,
  options: { includeArchived?: boolean } = {},
): Promise<CategorySettings[]> {
  const all = categorySettings(db)
    .where('resource_id', '=', resourceId)
    .where('deleted_at', 'is', null)
    .orderBy('title')
    .orderBy('id')
  return (options.includeArchived ? all : all.where('archived_at', 'is', null)).execute()
}

/** A query for categories, to be confined. */
export const categorySettings = (db: Db): SelectQueryBuilder<Schema, 'category', CategorySettings> =>
  db
    .selectFrom('category')
    .select([
      'category.id',
      'category.key',
      'category.title',
      'category.description',
      'category.consent',
      'category.channels',
      'category.purpose',
      'category.communication_method as communicationMethod',
      'category.is_default as isDefault',
      'category.is_internal as isInternal',
      'category.is_required as isRequired',
      'category.is_listed as isListed',
      'category.double_opt_in as doubleOptIn',
      'category.frequency_policy as frequencyPolicy',
      'category.created_at as createdAt',
      'category.updated_at as updatedAt',
      'category.archived_at as archivedAt',
    ])
