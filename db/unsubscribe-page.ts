import { sql } from 'kysely'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'
import { type AccessGroup, isVisible } from './visible.ts'

/** A delayed unsubscribe that runs, as systems know it. */
export interface RunningUnsubscribe {
  /** Of the row that leads: other contacts with the same address follow it. */
  id: Id
  dueAt: Date
  contactId: Id
  /** Key. */
  resource: string
  /** Key; null when everything of the resource is meant. */
  category: string | null
}

/** Those of the resources that a group sees, by id. @param page.contactId theirs, or by an address that they share. */
export async function pageOfUnsubscribes(
  db: Db,
  page: { contactId: Id | null; after: Id; limit: number; group: AccessGroup },
): Promise<RunningUnsubscribe[]> {
  const { rows } = await sql<RunningUnsubscribe>`
    select lead.id, lead.due_at as "dueAt", lead.contact_id as "contactId", resource.key as resource,
      category.key as category
    from pending_unsubscribe as lead
    join resource on resource.id = lead.resource_id
    left join category on category.id = lead.category_id
    where lead.state = 'pending' and lead.lead_id is null and lead.id > ${page.after}::bigint and ${isVisible(page.group)}
      and (${page.contactId}::bigint is null or lead.id in (
        select coalesce(lead_id, id) from pending_unsubscribe
        where state = 'pending' and contact_id = ${page.contactId}::bigint))
    order by lead.id limit ${page.limit}`.execute(db)
  return rows
}

/** Whether there is, or was, one of this id in a resource that the group sees. */
export async function seesUnsubscribe(db: Db, id: Id, group: AccessGroup): Promise<boolean> {
  const { rows } = await sql`
    select from pending_unsubscribe as lead join resource on resource.id = lead.resource_id
    where lead.id = ${id}::bigint and lead.lead_id is null and ${isVisible(group)}`.execute(db)
  return rows.length > 0
}
