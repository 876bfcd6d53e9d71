import { sql } from 'kysely'
import type { SendingCampaign } from './campaigns.ts'
import { senderJson } from './campaigns.ts'
import type { Db } from './connect.ts'
import { turn } from './refuse.ts'
import type { Id } from './schema.ts'

/** What is to be done for a request next. Instants are ISO 8601. */
export type OptInStep =
  | { kind: 'mail'; number: 1 | 2 }
  | { kind: 'wait'; until: string; forWhat: 'the reminder' | 'the end' }
  | { kind: 'over'; state: 'confirmed' | 'expired' | 'withdrawn' | 'gone' }

/** Settles the request where its time has come, and says what is next. The row decides. */
export async function nextOptInStep(db: Db, requestId: Id): Promise<OptInStep> {
  await settleOptIns(db, sql`id = ${requestId}::bigint and ${isDue}`, 'expired')
  await settleOptIns(db, sql`id = ${requestId}::bigint and ${refusedSince}`, 'withdrawn')
  const { rows } = await sql<Row>`
    select state, mailed_at is not null as mailed, reminded_at is not null as reminded, remind_at, remind_at <= now() as due,
      expires_at
    from opt_in_request where id = ${requestId}::bigint`.execute(db)
  return stepOf(rows[0])
}

interface Row {
  state: 'pending' | 'confirmed' | 'expired' | 'withdrawn'
  mailed: boolean
  reminded: boolean
  remind_at: Date | null
  due: boolean | null
  expires_at: Date
}

function stepOf(row: Row | undefined): OptInStep {
  if (row === undefined) return { kind: 'over', state: 'gone' }
  if (row.state !== 'pending') return { kind: 'over', state: row.state }
  if (!row.mailed) return { kind: 'mail', number: 1 }
  if (row.reminded || row.remind_at === null)
    return { kind: 'wait', until: row.expires_at.toISOString(), forWhat: 'the end' }
  return row.due === true
    ? { kind: 'mail', number: 2 }
    : { kind: 'wait', until: row.remind_at.toISOString(), forWhat: 'the reminder' }
}

const isDue = sql`expires_at <= now()`

// A "no" that came after the request is the last word until the person says something else.
const refusedSince = sql`exists (
  select from consent_of(request.contact_id, request.category_id, request.channel) as consent
  where consent.status = 'unsubscribed' and consent.changed_at > request.requested_at)`

/**
 * Ends requests that nobody confirmed in time: what was `pending` is again as if nobody had asked.
 * @returns how many were ended. For the sweep: Temporal may have been away when their time came.
 */
export const settleExpiredOptIns = (db: Db): Promise<number> => settleOptIns(db, isDue, 'expired')

/** The mail cannot be delivered: nobody will confirm. */
export const withdrawOptIn = (db: Db, requestId: Id): Promise<number> =>
  settleOptIns(db, sql`id = ${requestId}::bigint`, 'withdrawn')

async function settleOptIns(db: Db, which: ReturnType<typeof sql>, state: 'expired' | 'withdrawn'): Promise<number> {
  const { rows } = await sql<{ settled: number }>`
    with ${turn}, due as materialized (
      select id from opt_in_request as request
      where (select count(*) from turn) >= 0 and state = 'pending' and ${which} order by id limit 1000 for update
    ), settled as (
      update opt_in_request as request set state = ${state}, settled_at = now()
      where request.id in (select id from due) and state = 'pending'
      returning contact_id, category_id, channel, address_key
    ), lapsing as materialized (
      select subscription.contact_id, subscription.category_id from subscription join settled using (contact_id, category_id)
      where subscription.status = 'pending' order by contact_id, category_id for update of subscription
    ), lapsed as (
      delete from subscription using settled
      where (subscription.contact_id, subscription.category_id) in (select contact_id, category_id from lapsing)
        and subscription.contact_id = settled.contact_id and subscription.category_id = settled.category_id
        and subscription.status = 'pending'
      returning settled.*
    ), recorded as (
      insert into consent_event (contact_id, category_id, action, through, channel, address_key, explanation)
      select contact_id, category_id, 'unsubscribed', 'timer', channel, address_key, 'the opt-in was not confirmed'
      from lapsed order by contact_id, category_id
    )
    select count(*)::int as settled from settled`.execute(db)
  return rows[0]?.settled ?? 0
}

/** Requests whose first mail is late: nobody started their workflow, or it was lost. For the sweep. */
export async function optInsWithoutMail(db: Db): Promise<Id[]> {
  const { rows } = await sql<{ id: Id }>`
    select id from opt_in_request
    where state = 'pending' and mailed_at is null and requested_at < now() - interval '2 minutes' and expires_at > now()
    order by id limit 1000`.execute(db)
  return rows.map(({ id }) => id)
}

/** Everything that the mail of a request says. */
export interface OptInMail {
  requestId: Id
  contactId: Id
  /** Empty when the contact no longer has it. */
  address: string
  firstName: string | null
  lastName: string | null
  language: string | null
  category: string
  sender: SendingCampaign['sender']
  /** Whether the address, the contact, the category and the resource are such that it may be sent. */
  sendable: boolean
}

/** @returns null when the mail was sent already, or the request is over. */
export async function optInMail(db: Db, requestId: Id, number: 1 | 2): Promise<OptInMail | null> {
  const { rows } = await sql<OptInMail>`
    select request.id as "requestId", contact.id as "contactId", coalesce(address.value, '') as address,
      contact.first_name as "firstName", contact.last_name as "lastName", contact.language, category.title as category,
      ${senderJson} as sender, coalesce(address.status in ('active', 'unconfirmed'), false)
        and num_nonnulls(contact.deleted_at, category.archived_at, category.deleted_at, r.deleted_at) = 0
        and not exists (select from suppression where suppression.address_key = request.address_key
          and suppression.channel = request.channel) as sendable
    from opt_in_request as request
    join contact on contact.id = request.contact_id
    left join contact_address as address on address.contact_id = contact.id and address.channel = request.channel
      and address.address_key = request.address_key
    join category on category.id = request.category_id
    join resource r on r.id = category.resource_id
    where request.id = ${requestId}::bigint and request.state = 'pending'
      and ${sql.ref(number === 1 ? 'request.mailed_at' : 'request.reminded_at')} is null
    limit 1`.execute(db)
  return rows[0] ?? null
}

/** The server took the mail: it is not sent again. */
export async function markMailed(db: Db, requestId: Id, number: 1 | 2): Promise<void> {
  await db
    .updateTable('opt_in_request')
    .set({ [number === 1 ? 'mailed_at' : 'reminded_at']: sql`now()` })
    .where('id', '=', requestId)
    .execute()
}

/** The open request of a contact for a category, or of another contact that has the same address. */
export async function openOptIn(db: Db, contactId: Id, categoryId: Id): Promise<Id | undefined> {
  const { rows } = await sql<{ id: Id }>`
    select request.id from opt_in_request as request
    where request.state = 'pending' and request.category_id = ${categoryId}::bigint
      and (request.contact_id = ${contactId}::bigint or exists (
        select from contact_address as address
        where address.contact_id = ${contactId}::bigint and address.channel = request.channel
          and address.address_key = request.address_key))
    order by request.contact_id = ${contactId}::bigint desc, request.id limit 1`.execute(db)
  return rows[0]?.id
}
