import { sql } from 'kysely'
import type { Db } from './connect.ts'
import type { AddressStatus, Id } from './schema.ts'

export interface ContactRecord {
  id: Id
  externalId: string | null
  firstName: string | null
  lastName: string | null
  language: string | null
  timeZone: string | null
  attributes: Record<string, unknown>
  /** The one to reach the contact at first. */
  addresses: { channel: string; value: string; status: AddressStatus }[]
  createdAt: Date
  updatedAt: Date
  deletedAt: Date | null
}

/** Contacts by id, in the order of ids. */
export async function contactRecords(db: Db, ids: readonly Id[]): Promise<ContactRecord[]> {
  const { rows } = await sql<ContactRecord>`
    select id, external_id as "externalId", first_name as "firstName", last_name as "lastName", language,
      time_zone as "timeZone", attributes, created_at as "createdAt", updated_at as "updatedAt", deleted_at as "deletedAt",
      coalesce((
        select jsonb_agg(jsonb_build_object('channel', channel, 'value', value, 'status', status)
          order by channel, priority desc, value)
        from contact_address where contact_id = contact.id), '[]') as addresses
    from contact where id = any(${ids}::bigint[]) order by contact.id`.execute(db)
  return rows
}

/** Everybody who has an address, after one of them. */
export async function holdersOf(db: Db, addressKey: Buffer, page: { after: Id; limit: number }): Promise<Id[]> {
  const { rows } = await sql<{ id: Id }>`
    select distinct contact_id as id from contact_address
    where address_key = ${addressKey} and channel = 'email' and contact_id > ${page.after}::bigint
    order by contact_id limit ${page.limit}`.execute(db)
  return rows.map((row) => row.id)
}
