import { Refusal } from '../domain/refusal.ts'
import { clonedResource, type ParsedResource } from '../domain/resource-settings.ts'
import { categoriesOf } from './categories.ts'
import { takeTurnOfKeys } from './category-key.ts'
import type { Db } from './connect.ts'
import { insertCategory } from './create-category.ts'
import { copyFields } from './custom-fields.ts'
import { insertResource, requireResource } from './resources.ts'
import type { Id } from './schema.ts'
import { storedResource } from './stored-resource.ts'

/**
 * Makes a resource with the settings, channels, custom fields and active categories of another. Categories get keys of
 * their own. Subscribers are not taken along: nobody has agreed to hear from the new one. Nor is the DKIM key, so that a
 * secret is never in two places without somebody's intent.
 * @throws {Refusal} for a key that is taken.
 */
export async function cloneResource(
  db: Db,
  from: string,
  as: { key: string; name?: string },
): Promise<{ id: Id; resource: ParsedResource }> {
  return db.transaction().execute(async (db) => {
    const sourceId = await requireResource(db, from)
    const resource = clonedResource(await storedResource(db, sourceId), as)
    const { id, created } = await insertResource(db, resource)
    if (!created) refuseTaken(as.key)
    await takeTurnOfKeys(db)
    for (const category of await categoriesOf(db, sourceId)) await insertCategory(db, id, category)
    await copyFields(db, sourceId, id)
    return { id, resource }
  })
}

function refuseTaken(key: string): never {
  throw new Refusal({ field: 'key', rule: `there is a resource ${key} already`, remedy: 'Choose another key.' })
}
