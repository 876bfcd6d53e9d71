import { sql } from 'kysely'
import { byteaArray } from './bytea-array.ts'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'

/** Contacts by the id that the application knows them by; external ids that nobody has are absent. */
export async function findByExternalId(db: Db, externalIds: readonly string[]): Promise<Map<string, Id>> {
  const { rows } = await sql<{ external_id: string; id: Id }>`
    select external_id, id from contact where external_id = any(${externalIds}::text[])`.execute(db)
  return new Map(rows.map((row) => [row.external_id, row.id]))
}

/**
 * Who holds each address: the earliest contact, and one that is not deleted before any that is.
 * @returns by the address key in hex; keys that nobody holds are absent.
 */
export async function findByAddress(db: Db, channel: string, keys: readonly Buffer[]): Promise<Map<string, Id>> {
  const { rows } = await sql<{ address_key: Buffer; id: Id }>`
    select distinct on (address.address_key) address.address_key, contact.id
    from contact_address address join contact on contact.id = address.contact_id
    where address.address_key = any(${byteaArray(keys)}) and address.channel = ${channel}
    order by address.address_key, contact.deleted_at is not null, contact.id`.execute(db)
  return new Map(rows.map((row) => [row.address_key.toString('hex'), row.id]))
}
