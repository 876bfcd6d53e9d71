import { sql } from 'kysely'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'

/** A contact by what one system calls it: exactly one of three. */
export type ContactName = { contactId: Id } | { externalId: string } | { addressKey: Buffer }

/**
 * The contact of this name. Of several that have an address it is the earliest that is not deleted: what a person says
 * through an address, no other holder is asked about (SPEC: unsubscribing), and a subscription needs one of them.
 */
export async function findContact(db: Db, name: ContactName): Promise<Id | undefined> {
  const condition =
    'contactId' in name
      ? sql`contact.id = ${name.contactId}::bigint`
      : 'externalId' in name
        ? sql`contact.external_id = ${name.externalId}`
        : sql`contact.id in (select contact_id from contact_address where address_key = ${name.addressKey} and channel = 'email')`
  const { rows } = await sql<{ id: Id }>`
    select id from contact where ${condition} order by deleted_at is not null, id limit 1`.execute(db)
  return rows[0]?.id
}
