import { type RawBuilder, sql } from 'kysely'
import type { Sql } from './audience-facts.ts'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'

// The group is compared here, and the questions of the HTTP APIs all go through this file: by `findVisible` for what
// they name, by `isVisible` for what they list.

/** Of which resources, with all that belongs to them, an API key knows; null: of all. */
export type AccessGroup = string | null

export type Ownable = 'resource' | 'category' | 'campaign'

export interface Owned {
  id: Id
  key: string
  resourceId: Id
}

/** The condition that every query for an API key has. @param resource what the query calls that table. */
export const isVisible = (group: AccessGroup, resource = 'resource'): RawBuilder<boolean> =>
  sql<boolean>`(${group}::text is null or ${sql.ref(`${resource}.access_group`)} = ${group})`

const sources: Record<Ownable, Sql> = {
  resource: sql`(select id, key, id as resource_id from resource where deleted_at is null)`,
  category: sql`(select id, key, resource_id from category where deleted_at is null)`,
  campaign: sql`(select id, key, resource_id from campaign)`,
}

/**
 * What an API key names, by key or id, if it may know of it. A key wins over an id that looks the same.
 * @returns those that there are, by the name that was given.
 */
export async function findVisible(
  db: Db,
  kind: Ownable,
  names: readonly string[],
  group: AccessGroup,
): Promise<Map<string, Owned>> {
  const { rows } = await sql<Owned & { word: string }>`
    select distinct on (word) word, owned.id, owned.key, owned.resource_id as "resourceId"
    from unnest(${names}::text[]) as wanted (word)
    join ${sources[kind]} as owned on owned.key = word or owned.id = case when word ~ '^[0-9]{1,18}$' then word::bigint end
    join resource on resource.id = owned.resource_id
    where ${isVisible(group)}
    order by word, owned.key <> word`.execute(db)
  return new Map(rows.map(({ word, ...owned }) => [word, owned]))
}

/** Which of these segments belong to a category that the group does not see. Static segments belong to nobody. */
export async function hiddenSegments(db: Db, keys: readonly string[], group: AccessGroup): Promise<string[]> {
  const { rows } = await sql<{ key: string }>`
    select segment.key from segment
    join category on category.id = segment.category_id join resource on resource.id = category.resource_id
    where segment.key = any(${keys}::text[]) and (${isVisible(group)}) is not true`.execute(db)
  return rows.map((row) => row.key)
}
