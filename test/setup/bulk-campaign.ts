import { sql } from 'kysely'
import type { Db } from '../../db/connect.ts'
import type { Id } from '../../db/schema.ts'
import type { Installation } from './installation.ts'
import type { MailSink } from './mail-sink.ts'
import { seedCategory } from './seed.ts'

/** A category with this many new subscribers. */
export async function seedSubscribers(db: Db, resourceId: Id, size: number): Promise<{ key: string }> {
  const category = await seedCategory(db, resourceId)
  await sql`
    with person as (insert into contact (first_name) select 'Ada' from generate_series(1, ${size}::int) returning id),
    address as (insert into contact_address (contact_id, channel, value, address_key)
      select id, 'email', 'c' || id || '@example.com', decode(md5(id::text), 'hex') from person)
    insert into subscription (category_id, contact_id, status, source)
    select ${category.id}, id, 'subscribed', 'test' from person`.execute(db)
  await sql`analyze`.execute(db)
  return category
}

/** Schedules a campaign to this many new contacts, at once, on behalf of the resource `acme`. */
export async function scheduleTo(installation: Installation, key: string, size: number): Promise<void> {
  const { db, addressee } = installation
  const { id: resourceId } = await db.selectFrom('resource').select('id').executeTakeFirstOrThrow()
  const category = await seedSubscribers(db, resourceId, size)
  const content = { en: { subject: 'Hello', text: 'Hello {{ contact.first_name }} {{ unsubscribe_url }}' } }
  await addressee.campaigns.schedule({ key, resource: 'acme', categories: [category.key], content, now: true })
}

export interface Comparison {
  rows: number
  /** Accepted twice. */
  repeated: number
  /** The ledger says `sent`, and the mail server never took it. */
  lost: number
  /** The mail server took it, and the ledger says neither `sent` nor `unknown`. */
  unrecorded: number
}

/** The ledger's word for each recipient, against what the mail server really took. */
export async function compareWithSink(
  installation: Installation,
  sink: MailSink,
  key: string,
  size: number,
): Promise<Comparison> {
  const ledger = await installation.addressee.campaigns.recipients(key, { limit: size })
  const mine = new Set(ledger.map((row) => row.address))
  const accepted = sink.mails.map((mail) => mail.to).filter((to) => mine.has(to))
  const took = new Set(accepted)
  return {
    rows: ledger.length,
    repeated: accepted.length - took.size,
    lost: ledger.filter((row) => row.state === 'sent' && !took.has(row.address)).length,
    unrecorded: ledger.filter((row) => took.has(row.address) && row.state !== 'sent' && row.state !== 'unknown').length,
  }
}
