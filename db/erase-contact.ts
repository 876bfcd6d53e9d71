import { sql } from 'kysely'
import type { Db } from './connect.ts'
import { type ConsentAct, recordConsent, takeTurn } from './consent.ts'
import { eraseFromLedgers } from './erased-ledger.ts'
import { takeErasureTurn } from './erasure-turn.ts'
import type { Id } from './schema.ts'
import { type RefusedScope, unsubscribeContact } from './unsubscribe-contact.ts'

export interface Erasure {
  contactId: Id
  addresses: number
  /** Refusals that were the contact's alone until now, and are kept with its addresses. */
  refusalsKept: number
  /** Rows of ledgers that held its address. */
  recipients: number
}

/**
 * Removes a person (GDPR, Article 17) and keeps the proof: the consent events, and by address key what was refused and
 * what is suppressed. All of it is one transaction. The ledgers come first: they take longest, and nobody waits for them.
 * @param by who does it; recorded as the last event of the contact's chain.
 * @returns null when there is no such contact (any more).
 */
export function eraseContact(db: Db, contactId: Id, by: string): Promise<Erasure | null> {
  return db.transaction().execute(async (db) => {
    await takeErasureTurn(db)
    const recipients = await eraseFromLedgers(db, contactId)
    await takeTurn(db)
    await lockDelays(db, contactId)
    if (!(await lockContact(db, contactId))) return null
    await carryOutPending(db, contactId, by)
    const refusalsKept = await keepRefusals(db, contactId)
    await eraseReasons(db, contactId)
    const addresses = await recordErasure(db, contactId, by)
    await db.deleteFrom('contact').where('id', '=', contactId).execute()
    return { contactId, addresses, refusalsKept, recipients }
  })
}

/** Those that lead, and first (db/refuse.ts has the order): rows that follow another contact's go with this one too. */
async function lockDelays(db: Db, contactId: Id): Promise<void> {
  await sql`
    select id from pending_unsubscribe
    where id in (select coalesce(lead_id, id) from pending_unsubscribe where contact_id = ${contactId}::bigint)
    order by id for update`.execute(db)
}

async function lockContact(db: Db, contactId: Id): Promise<boolean> {
  const found = await db.selectFrom('contact').select('id').where('id', '=', contactId).forUpdate().executeTakeFirst()
  return found !== undefined
}

/** A delayed unsubscribe goes with the contact; what it would have refused, for other holders of the address too, holds now. */
async function carryOutPending(db: Db, contactId: Id, by: string): Promise<void> {
  const waiting = await db
    .selectFrom('pending_unsubscribe')
    .select([
      'resource_id',
      'category_id',
      'campaign_id',
      'wording',
      sql<string | null>`host(ip)`.as('ip'),
      'user_agent',
    ])
    .where('contact_id', '=', contactId)
    .where('state', '=', 'pending')
    .where('lead_id', 'is', null)
    .orderBy('id')
    .execute()
  for (const { resource_id, category_id, campaign_id, wording, ip, user_agent } of waiting) {
    const scope: RefusedScope =
      category_id === null
        ? { kind: 'resource', resourceId: resource_id, channel: 'email' }
        : { kind: 'category', categoryId: category_id, channel: 'email' }
    const said = { wording, ip, userAgent: user_agent, campaignId: campaign_id }
    await unsubscribeContact(db, contactId, scope, { ...said, ...operatorAct(by) })
  }
}

const operatorAct = (by: string): Pick<ConsentAct, 'through' | 'actor' | 'legalBasis' | 'explanation'> => ({
  through: 'operator',
  actor: by,
  legalBasis: null,
  explanation: 'a delayed unsubscribe was running when the contact was erased',
})

/** What the contact refused by itself, as an import or another system said it, is left with each of its addresses. */
async function keepRefusals(db: Db, contactId: Id): Promise<number> {
  const { numAffectedRows } = await sql`
    insert into address_refusal (address_key, channel, category_id, resource_id)
    select address.address_key, address.channel, refused.category_id, refused.resource_id
    from contact_address as address
    join (
      select null as channel, category_id, null::bigint as resource_id from subscription
      where contact_id = ${contactId}::bigint and status = 'unsubscribed'
      union all
      select channel, null, resource_id from opt_out where contact_id = ${contactId}::bigint
    ) as refused on refused.channel is null or refused.channel = address.channel
    where address.contact_id = ${contactId}::bigint
    order by address.address_key, refused.category_id
    on conflict do nothing`.execute(db)
  return Number(numAffectedRows ?? 0n)
}

/** That an address is suppressed stays; the server's answer that led to it repeats the address. */
async function eraseReasons(db: Db, contactId: Id): Promise<void> {
  await sql`
    update suppression set reason = null from contact_address as address
    where address.contact_id = ${contactId}::bigint
      and suppression.address_key = address.address_key and suppression.channel = address.channel`.execute(db)
}

/** One event for each address: so it can be told later, to whoever names the address. */
async function recordErasure(db: Db, contactId: Id, by: string): Promise<number> {
  const addresses = await db
    .selectFrom('contact_address')
    .select(['channel', 'address_key'])
    .where('contact_id', '=', contactId)
    .orderBy('channel')
    .orderBy('value')
    .execute()
  const event = { contact_id: contactId, action: 'erased', through: 'operator', actor: by } as const
  await recordConsent(db, addresses.length === 0 ? [event] : addresses.map((address) => ({ ...event, ...address })))
  return addresses.length
}
