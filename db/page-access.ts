import { sql } from 'kysely'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'
import { type AccessGroup, isVisible } from './visible.ts'

/** What a resource's own pages and servers may be told about it. */
export interface PageResource {
  id: Id
  key: string
  /** Where its own pages are: of the unsubscribe page and of its sites. */
  urls: string[]
}

/**
 * A resource by its key, which is public, or by its token; a deleted one too: its mail is still in people's inboxes.
 * @param group of which resources whoever asks may know.
 */
export async function findPageResource(
  db: Db,
  by: { key: string } | { token: string },
  group: AccessGroup = null,
): Promise<PageResource | undefined> {
  const { rows } = await sql<PageResource>`
    select id, key, array_remove(site_urls || unsubscribe_page_url, null) as urls from resource
    where ${'key' in by ? sql`key = ${by.key}` : sql`token = ${by.token}`} and ${isVisible(group)}`.execute(db)
  return rows[0]
}

/** Which resource a campaign speaks for; undefined when there is no such campaign (any more). */
export async function resourceOfCampaign(db: Db, campaignId: Id): Promise<Id | undefined> {
  const row = await db.selectFrom('campaign').select('resource_id').where('id', '=', campaignId).executeTakeFirst()
  return row?.resource_id
}

/** Deleted ones too: one may still refuse what old mail was about. @returns ids in the order of the keys, undefined when one of them is not the key of a category of the resource. */
export async function categoryIdsOf(db: Db, resourceId: Id, keys: string[]): Promise<Id[] | undefined> {
  const rows = await db
    .selectFrom('category')
    .select(['id', 'key'])
    .where('resource_id', '=', resourceId)
    .where(sql<boolean>`key = any(${keys}::text[])`)
    .execute()
  const ids = new Map(rows.map(({ id, key }) => [key, id]))
  const found = keys.flatMap((key) => ids.get(key) ?? [])
  return found.length === keys.length ? found : undefined
}
