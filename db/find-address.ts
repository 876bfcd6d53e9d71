import type { Db } from './connect.ts'
import type { Id } from './schema.ts'

/** Where a contact is reached on a channel before a resource is asked; undefined: nowhere. */
export async function firstAddressOf(db: Db, contactId: Id, channel: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('contact_address')
    .select('value')
    .where('contact_id', '=', contactId)
    .where('channel', '=', channel)
    .orderBy((row) => row.eb('status', '=', 'active'), 'desc')
    .orderBy('priority', 'desc')
    .orderBy('value')
    .executeTakeFirst()
  return row?.value
}

/** An e-mail address of a contact as its record has it, however it was written where it was asked for. */
export async function addressOf(db: Db, contactId: Id, key: Buffer): Promise<string | undefined> {
  const row = await db
    .selectFrom('contact_address')
    .select('value')
    .where('contact_id', '=', contactId)
    .where('channel', '=', 'email')
    .where('address_key', '=', key)
    .orderBy('value')
    .executeTakeFirst()
  return row?.value
}
