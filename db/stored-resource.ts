import type { StoredResource } from '../domain/resource-settings.ts'
import type { Db } from './connect.ts'
import { resourceById } from './resources.ts'
import type { Id } from './schema.ts'

/** A resource as somebody would have to write it to create it again: the DKIM key is with it, show it to nobody. */
export async function storedResource(db: Db, id: Id): Promise<StoredResource> {
  const settings = await resourceById(db, id)
  if (settings === undefined) throw new Error(`resource ${id} vanished`)
  return { ...settings, dkim: await dkimOf(db, id) }
}

async function dkimOf(db: Db, id: Id): Promise<StoredResource['dkim']> {
  const row = await db
    .selectFrom('resource')
    .select(['dkim_domain as domain', 'dkim_selector as selector', 'dkim_private_key as privateKey'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const { domain, selector, privateKey } = row
  return domain === null || selector === null || privateKey === null ? null : { domain, selector, privateKey }
}
