import type { ParsedCategory } from '../domain/category-settings.ts'
import { Refusal } from '../domain/refusal.ts'
import { refuseBeyondCap } from './category-cap.ts'
import { freeKey, refuseSegmentKey, takeTurnOfKeys } from './category-key.ts'
import type { Db } from './connect.ts'
import { jsonbOrNull } from './jsonb.ts'
import { requireResource } from './resources.ts'
import type { Id } from './schema.ts'

/**
 * Creates a category and, with it, its protected segment of the same key and title. Given a key that is taken by a
 * category of the same resource, returns that one unchanged.
 * @throws {Refusal} for an unknown resource, for a key that something else has or had, and beyond the cap.
 */
export async function createCategory(
  db: Db,
  category: ParsedCategory,
): Promise<{ id: Id; key: string; created: boolean }> {
  return db.transaction().execute(async (db) => {
    const resourceId = await requireResource(db, category.resource)
    await takeTurnOfKeys(db)
    const existing = category.key === undefined ? undefined : await findByKey(db, category.key)
    if (existing !== undefined) return { ...sameResource(existing, resourceId), created: false }
    if (category.key !== undefined) await refuseSegmentKey(db, category.key)
    return { ...(await insertCategory(db, resourceId, category, category.key)), created: true }
  })
}

/** @param key made from the title when absent. */
export async function insertCategory(
  db: Db,
  resourceId: Id,
  category: SettableColumns,
  key?: string,
): Promise<{ id: Id; key: string }> {
  await refuseBeyondCap(db)
  const given = key ?? (await freeKey(db, category.title))
  const { id } = await db
    .insertInto('category')
    .values({ key: given, resource_id: resourceId, ...columnsOf(category) })
    .returning('id')
    .executeTakeFirstOrThrow()
  await db
    .insertInto('segment')
    .values({ key: given, title: category.title, kind: 'category', category_id: id })
    .execute()
  return { id, key: given }
}

type SettableColumns = Omit<ParsedCategory, 'key' | 'resource'>

/** What can be changed of a category, as columns. */
export const columnsOf = (category: SettableColumns) => ({
  title: category.title,
  description: category.description,
  consent: category.consent,
  channels: category.channels,
  purpose: category.purpose,
  communication_method: category.communicationMethod,
  is_default: category.isDefault,
  is_internal: category.isInternal,
  is_required: category.isRequired,
  is_listed: category.isListed,
  double_opt_in: category.doubleOptIn,
  frequency_policy: jsonbOrNull(category.frequencyPolicy),
})

interface Found {
  id: Id
  key: string
  resource_id: Id
  deleted_at: Date | null
}

const findByKey = (db: Db, key: string): Promise<Found | undefined> =>
  db.selectFrom('category').select(['id', 'key', 'resource_id', 'deleted_at']).where('key', '=', key).executeTakeFirst()

function sameResource({ id, key, resource_id, deleted_at }: Found, resourceId: Id): { id: Id; key: string } {
  if (resource_id === resourceId && deleted_at === null) return { id, key }
  throw new Refusal({
    field: 'key',
    rule: deleted_at === null ? `category ${key} exists already, in another resource` : `category ${key} was deleted`,
    remedy: 'Choose another key: they are unique across resources, and stay taken.',
  })
}
