import { sql } from 'kysely'
import type { Sql } from './audience-facts.ts'
import type { Db } from './connect.ts'
import type { ConsentAct } from './consent.ts'
import { anythingRefused, refusalTables } from './refuse.ts'
import type { Id } from './schema.ts'

/** From what, on which channel; a channel of null is every one, and only possible for wider refusals. */
export type RefusedScope =
  | { kind: 'category'; categoryId: Id; channel: string }
  | { kind: 'resource'; resourceId: Id; channel: string | null }
  | { kind: 'everything'; channel: string | null }

/**
 * A contact's "no" that no message led to: from an account page, by an integration, by an operator. It holds for every
 * address that the contact has on the channel, like the one on a page (db/refuse.ts).
 * @returns whether anything was not refused before.
 */
export async function unsubscribeContact(
  db: Db,
  contactId: Id,
  scope: RefusedScope,
  act: ConsentAct,
): Promise<boolean> {
  const refusing = { contactId, campaignId: act.campaignId, tables: tables(contactId, scope) }
  const { rows } = await sql<{ changed: boolean }>`
    with ${refusalTables(refusing, act)} select ${anythingRefused} as changed from link`.execute(db)
  return rows[0]?.changed ?? false
}

// A refusal on every channel is kept for each address on the channel that the address is of: there is one so far.
const tables = (contactId: Id, scope: RefusedScope): Sql => sql`
  link as materialized (
    select ${scope.channel ?? 'email'} as channel, array(
      select address_key from contact_address
      where contact_id = contact.id and channel = ${scope.channel ?? 'email'} order by priority desc, value) as keys
    from contact where id = ${contactId}::bigint
  ), target as materialized (
    select ${scope.kind === 'category' ? scope.categoryId : null}::bigint as category_id,
      ${scope.kind === 'resource' ? scope.resourceId : null}::bigint as resource_id,
      ${scope.channel}::text as channel
  )`
