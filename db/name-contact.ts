import { sql } from 'kysely'
import { parseEmail } from '../domain/email-address.ts'
import type { Db } from './connect.ts'
import { loadAddressKeys } from './installation.ts'
import type { Id } from './schema.ts'

/**
 * The contacts that a person means by a name: an e-mail address (every contact that has it), else an external id,
 * else an id. An external id wins over an id that looks the same.
 */
export async function contactsNamed(db: Db, name: string): Promise<Id[]> {
  const email = parseEmail(name)
  if (email.ok) return holdersOf(db, (await loadAddressKeys(db))('email', email.normalised))
  const byExternalId = await db.selectFrom('contact').select('id').where('external_id', '=', name).executeTakeFirst()
  if (byExternalId !== undefined) return [byExternalId.id]
  if (!/^\d{1,18}$/.test(name)) return []
  const byId = await db.selectFrom('contact').select('id').where('id', '=', name).executeTakeFirst()
  return byId === undefined ? [] : [byId.id]
}

async function holdersOf(db: Db, addressKey: Buffer): Promise<Id[]> {
  const { rows } = await sql<{ contact_id: Id }>`
    select distinct contact_id from contact_address
    where address_key = ${addressKey} and channel = 'email' order by contact_id`.execute(db)
  return rows.map((row) => row.contact_id)
}
