import { sql } from 'kysely'
import { Refusal } from '../domain/refusal.ts'
import type { Db } from './connect.ts'
import { type ConsentAct, columnsOf, recordConsent } from './consent.ts'
import { consentOf } from './consents.ts'
import type { Id, SubscriptionStatus } from './schema.ts'

export interface OptInAsk {
  contactId: Id
  categoryId: Id
  channel: string
  /** Whether the contact has asked for it: only then is one asked who refused before. */
  asked: boolean
}

/** `refused`: the contact said no, or was asked in vain within the last day. */
export type OptInOutcome = { kind: 'pending'; requestId: Id } | { kind: 'already' | 'refused' }

// A mail that is overlooked is found again the next day; after a week nobody remembers what they asked for.
const remindAfter = sql`interval '24 hours'`
const expireAfter = sql`interval '7 days'`
/** Whoever makes an application subscribe somebody again and again fills no inbox. */
const askAgainAfter = sql`interval '24 hours'`

/**
 * Asks a contact to confirm by mail that they want a category: the subscription is `pending`, of one who refused it
 * stays `unsubscribed`, until they do. An open request for the address is returned instead of a second mail.
 * @throws {Refusal} when the contact has no address that a confirmation could be sent to, or is there no more.
 */
export const requestOptIn = (db: Db, ask: OptInAsk, act: ConsentAct): Promise<OptInOutcome> =>
  db.isTransaction ? request(db, ask, act) : db.transaction().execute((db) => request(db, ask, act))

async function request(db: Db, ask: OptInAsk, act: ConsentAct): Promise<OptInOutcome> {
  const { contactId, categoryId, channel, asked } = ask
  // In turn: somebody who is confirming at this moment must not be asked again.
  const { rows } = await sql`
    select id from holders_in_turn(${contactId}::bigint, array[]::bytea[], ${channel}) as id`.execute(db)
  if (rows.length === 0) throw nobodyThere(ask)
  const consent = await consentOf(db, contactId, categoryId, channel)
  if (consent === undefined) throw nobodyThere(ask)
  if (consent.status === 'subscribed') return { kind: 'already' }
  if (consent.status === 'unsubscribed' && !asked) return { kind: 'refused' }
  const addressKey = await confirmableAddress(db, contactId, channel)
  // Two programs that ask for one address at once: the second finds the first one's request.
  await sql`select pg_advisory_xact_lock(hashtextextended(${`addressee: opt-in ${addressKey.toString('hex')}`}, 0))`.execute(
    db,
  )
  const earlier = await earlierRequest(db, ask, addressKey)
  if (earlier?.state === 'pending') return { kind: 'pending', requestId: earlier.id }
  if (earlier !== undefined) return { kind: 'refused' }
  return { kind: 'pending', requestId: await insertRequest(db, ask, addressKey, consent.status, act) }
}

/** Erased since they were asked for: who subscribes has named them before. */
export const nobodyThere = ({ contactId, categoryId }: Pick<OptInAsk, 'contactId' | 'categoryId'>): Refusal =>
  new Refusal({
    field: 'contact',
    rule: `contact ${contactId} or category ${categoryId} is there no more`,
    remedy: 'Name those that there are.',
  })

async function confirmableAddress(db: Db, contactId: Id, channel: string): Promise<Buffer> {
  const { rows } = await sql<{ address_key: Buffer }>`
    select address_key from contact_address as address
    where contact_id = ${contactId}::bigint and channel = ${channel} and status in ('active', 'unconfirmed')
      and not exists (
        select from suppression where suppression.address_key = address.address_key and suppression.channel = address.channel)
    order by priority desc, value limit 1`.execute(db)
  if (rows[0] !== undefined) return rows[0].address_key
  throw new Refusal({
    field: 'contact',
    rule: `contact ${contactId} has no address on the channel ${channel} that a confirmation could be sent to`,
    remedy: 'The category needs one (double opt-in): give the contact an address that is active and not suppressed.',
  })
}

/** One that is open, or that came to nothing a short while ago. */
async function earlierRequest(
  db: Db,
  { categoryId, channel }: OptInAsk,
  key: Buffer,
): Promise<{ id: Id; state: string } | undefined> {
  const { rows } = await sql<{ id: Id; state: string }>`
    select id, state from opt_in_request
    where address_key = ${key} and channel = ${channel} and category_id = ${categoryId}::bigint
      and (state = 'pending' or (state in ('expired', 'withdrawn') and settled_at > now() - ${askAgainAfter}))
    order by state = 'pending' desc limit 1`.execute(db)
  return rows[0]
}

async function insertRequest(
  db: Db,
  { contactId, categoryId, channel }: OptInAsk,
  key: Buffer,
  was: SubscriptionStatus | 'not_subscribed',
  act: ConsentAct,
): Promise<Id> {
  const { rows } = await sql<{ id: Id }>`
    insert into opt_in_request (contact_id, category_id, channel, address_key, through, actor, legal_basis, explanation,
                                remind_at, expires_at)
    values (${contactId}::bigint, ${categoryId}::bigint, ${channel}, ${key}, ${act.through}, ${act.actor},
      ${act.legalBasis}, ${act.explanation}, now() + ${remindAfter}, now() + ${expireAfter})
    returning id`.execute(db)
  if (was !== 'unsubscribed')
    await sql`
      insert into subscription (category_id, contact_id, status, legal_basis, explanation, source)
      values (${categoryId}::bigint, ${contactId}::bigint, 'pending', ${act.legalBasis}, ${act.explanation}, ${act.through})
      on conflict do nothing`.execute(db)
  const about = { contact_id: contactId, category_id: categoryId, channel, address_key: key }
  await recordConsent(db, [{ ...about, action: 'pending', ...columnsOf(act) }])
  return (rows[0] as { id: Id }).id
}
