import { type RawBuilder, sql } from 'kysely'
import type { TokenClaims } from '../domain/unsubscribe-token.ts'
import { byteaArray } from './bytea-array.ts'
import type { Db } from './connect.ts'
import { recordConsent, takeTurn } from './consent.ts'
import type { Id } from './schema.ts'
import { findUnsubscribeScope, type UnsubscribeScope } from './unsubscribe-scope.ts'

/** How somebody unsubscribed: what the consent event proves. */
export interface UnsubscribeAct {
  through: 'page' | 'one_click'
  /** Version of the wording on the page; null when nothing was shown. */
  wording: string | null
  ip: string | null
  userAgent: string | null
}

/**
 * - `subscribed`: pressing the button would change something.
 * - `unsubscribed`: just now.
 * - `already`: everything that the link can refuse was refused before.
 * - `gone`: nothing is known any more of what the link is about.
 */
export type DescribedUnsubscribe = { kind: 'subscribed' | 'already'; scope: UnsubscribeScope } | { kind: 'gone' }
export type UnsubscribeOutcome = { kind: 'unsubscribed' | 'already'; scope: UnsubscribeScope } | { kind: 'gone' }

/** What a link would do, without doing it. */
export async function describeUnsubscribe(db: Db, claims: TokenClaims): Promise<DescribedUnsubscribe> {
  const scope = await findUnsubscribeScope(db, claims)
  if (scope === null) return { kind: 'gone' }
  const holders = await holdersOf(db, scope)
  return { kind: (await isRefused(db, scope, holders)) ? 'already' : 'subscribed', scope }
}

/**
 * Unsubscribes from the categories that made the recipient eligible, or from the resource on the message's channel
 * when the message had none (SPEC: unsubscribing). It holds for the address: for every contact that has it now, and
 * by `address_refusal` for whoever gains it. One transaction with the consent events; a repetition changes nothing
 * and records nothing. A claim that begins after this commit does not send.
 */
export function unsubscribe(db: Db, claims: TokenClaims, act: UnsubscribeAct): Promise<UnsubscribeOutcome> {
  return db.transaction().execute(async (db) => {
    await takeTurn(db, 'refusal')
    const scope = await findUnsubscribeScope(db, claims)
    if (scope === null) return { kind: 'gone' }
    // Refusals first: a second request for the same address waits here for the first one's commit.
    const refused = await refuseForAddresses(db, scope)
    const holders = await holdersOf(db, scope, sql`for key share`)
    const changed = await changeHolders(db, scope, holders, act)
    // An erased contact has no row left to change: the proof is that the address now refuses.
    const proven = holders.includes(scope.contactId) ? changed : [...changed, ...asContact(scope.contactId, refused)]
    await recordConsent(db, proven.map(eventOf(scope, act)))
    return { kind: changed.length + refused.length > 0 ? 'unsubscribed' : 'already', scope }
  })
}

/** One scope that a refusal covers: a category, or the resource. */
interface Target {
  category_id: Id | null
  resource_id: Id | null
}

interface Change extends Target {
  contact_id: Id
}

const targetsOf = ({ categories, resource }: UnsubscribeScope): Target[] =>
  categories.length > 0
    ? categories.map(({ id }) => ({ category_id: id, resource_id: null }))
    : [{ category_id: null, resource_id: resource.id }]

const targetRows = (scope: UnsubscribeScope) => {
  const targets = targetsOf(scope)
  return sql`unnest(${targets.map((each) => each.category_id)}::bigint[], ${targets.map((each) => each.resource_id)}::bigint[])
    as target (category_id, resource_id)`
}

const keysOf = ({ addresses }: UnsubscribeScope) => byteaArray(addresses.map(({ key }) => key))

/**
 * Every contact that has the address, and the one that the message went to, whatever its address is now.
 * @param lock `for key share` keeps them from being erased until the transaction ends.
 */
async function holdersOf(db: Db, scope: UnsubscribeScope, lock: RawBuilder<unknown> = sql``): Promise<Id[]> {
  const { rows } = await sql<{ id: Id }>`
    select id from contact
    where id = ${scope.contactId} or id = any(array(
      select contact_id from contact_address
      where address_key = any(${keysOf(scope)}) and channel = ${scope.channel}))
    order by id
    ${lock}`.execute(db)
  return rows.map((row) => row.id)
}

async function isRefused(db: Db, scope: UnsubscribeScope, holders: Id[]): Promise<boolean> {
  const { rows } = await sql<{ refused: boolean }>`
    select not exists (
      select from ${targetRows(scope)}, unnest(${keysOf(scope)}) as address_key
      where not exists (
        select from address_refusal as refusal
        where refusal.address_key = address_key.address_key and refusal.channel = ${scope.channel}
          and refusal.category_id is not distinct from target.category_id
          and refusal.resource_id is not distinct from target.resource_id)
    ) and not exists (
      select from ${targetRows(scope)}, unnest(${holders}::bigint[]) as holder (id)
      where not exists (
        select from subscription
        where contact_id = holder.id and category_id = target.category_id and status = 'unsubscribed')
      and not exists (
        select from opt_out
        where contact_id = holder.id and resource_id = target.resource_id and channel = ${scope.channel})
    ) as refused`.execute(db)
  return rows[0]?.refused === true
}

async function refuseForAddresses(db: Db, scope: UnsubscribeScope): Promise<Target[]> {
  const { rows } = await sql<Target>`
    insert into address_refusal (address_key, channel, category_id, resource_id)
    select address_key, ${scope.channel}, target.category_id, target.resource_id
    from ${targetRows(scope)}, unnest(${keysOf(scope)}) as address_key
    order by address_key, target.category_id
    on conflict do nothing
    returning category_id, resource_id`.execute(db)
  return rows
}

const changeHolders = (db: Db, scope: UnsubscribeScope, holders: Id[], act: UnsubscribeAct): Promise<Change[]> =>
  scope.categories.length > 0
    ? unsubscribeFromCategories(db, scope, holders, act)
    : optOutOfResource(db, scope, holders, act)

/** Writes a row even where none was: without one, a category with consent `opt_out` counts as subscribed. */
async function unsubscribeFromCategories(db: Db, scope: UnsubscribeScope, holders: Id[], act: UnsubscribeAct) {
  // The order is the lock order: two links for the same contacts must not wait for each other.
  const { rows } = await sql<Change>`
    insert into subscription (category_id, contact_id, status, source)
    select target.category_id, holder.id, 'unsubscribed', ${act.through}
    from ${targetRows(scope)}, unnest(${holders}::bigint[]) as holder (id)
    order by holder.id, target.category_id
    on conflict (category_id, contact_id) do update
      set status = excluded.status, source = excluded.source, changed_at = now(), legal_basis = null, explanation = null
      where subscription.status <> 'unsubscribed'
    returning contact_id, category_id, null as resource_id`.execute(db)
  return rows
}

async function optOutOfResource(db: Db, scope: UnsubscribeScope, holders: Id[], act: UnsubscribeAct) {
  const { rows } = await sql<Change>`
    insert into opt_out (contact_id, resource_id, channel, source)
    select id, ${scope.resource.id}::bigint, ${scope.channel}, ${act.through} from unnest(${holders}::bigint[]) as id
    order by id
    on conflict do nothing
    returning contact_id, null as category_id, resource_id`.execute(db)
  return rows
}

const asContact = (contactId: Id, targets: Target[]): Change[] =>
  targets.map((target) => ({ contact_id: contactId, ...target }))

const eventOf = (scope: UnsubscribeScope, act: UnsubscribeAct) => (change: Change) => ({
  ...change,
  action: change.category_id === null ? ('opted_out' as const) : ('unsubscribed' as const),
  through: act.through,
  channel: scope.channel,
  address_key: scope.addresses[0]?.key ?? null,
  campaign_id: scope.campaignId,
  wording: act.wording,
  ip: act.ip,
  user_agent: act.userAgent,
})
