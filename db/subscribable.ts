import { type RawBuilder, sql } from 'kysely'
import { Refusal } from '../domain/refusal.ts'
import type { Sql } from './audience-facts.ts'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'

type Why = 'deleted' | 'archived' | 'source'

/** A category, and what keeps a contact out of it. */
export interface Closed {
  /** Keys. */
  category: string
  resource: string
  /** Null: nothing. */
  closed: Why | null
}

/** What keeps contacts of a source out of a category. Needs `category` and `resource`; of an unknown source is null. */
export const closedTo = (source: Sql): RawBuilder<Why | null> => sql`
  case when category.deleted_at is not null or resource.deleted_at is not null then 'deleted'
    when category.archived_at is not null then 'archived'
    when (resource.contact_sources is null or ${source} = any(resource.contact_sources)) is not true then 'source' end`

/** @throws {Refusal} when nobody of this source can subscribe. */
export async function requireOpen(db: Db, categoryId: Id, source: string): Promise<void> {
  const { rows } = await sql<Closed>`
    select category.key as category, resource.key as resource, ${closedTo(sql`${source}::text`)} as closed
    from category join resource on resource.id = category.resource_id
    where category.id = ${categoryId}::bigint`.execute(db)
  if (rows[0] !== undefined) refuseClosed(rows[0])
}

/** @throws {Refusal} when something keeps the contact out. */
export function refuseClosed({ category, resource, closed }: Closed): void {
  switch (closed) {
    case null:
      return
    case 'deleted':
      throw new Refusal({
        field: 'category',
        rule: `category ${category} was deleted`,
        remedy: 'Name one that is in use.',
      })
    case 'archived':
      throw new Refusal({
        field: 'category',
        rule: `category ${category} is archived`,
        remedy: 'Unarchive it first, or name another.',
      })
    case 'source':
      throw new Refusal({
        field: 'contact',
        rule: `comes from a source that resource ${resource} does not take`,
        remedy: "Add the contact's source to contactSources of the resource, or leave the contact out.",
      })
  }
}
