import { sql } from 'kysely'
import { byteaArray } from './bytea-array.ts'
import type { Db } from './connect.ts'
import type { ConsentAct, ConsentDifference } from './consent.ts'
import { appliesTo, type PreferenceScope } from './preferences.ts'
import type { Id } from './schema.ts'

/** Whose opt-outs, from which resource and on which channel, and the categories that come back. */
interface Lifting extends PreferenceScope {
  holders: readonly Id[]
  on: readonly Id[]
}

interface OptOut {
  contact_id: Id
  resource_id: Id | null
  channel: string | null
}

/**
 * Takes away the opt-outs that cover the resource on the channel, and puts narrower ones in their place, so that
 * everything else is refused as before: from every other resource, on every other channel, and of this resource every
 * category that was still subscribed underneath, listed or not; but not the required ones.
 */
export async function liftOptOuts(db: Db, lifting: Lifting, act: ConsentAct): Promise<ConsentDifference[]> {
  const lifted = await remove(db, lifting)
  if (lifted.length === 0) return []
  const narrower = await insertNarrower(db, lifting, lifted, act)
  const off = await unsubscribeUnderneath(db, lifting, [...new Set(lifted.map((each) => each.contact_id))], act)
  return [
    ...lifted.map((each) => ({ ...each, action: 'opted_in' as const })),
    ...narrower.map((each) => ({ ...each, action: 'opted_out' as const })),
    ...off,
  ]
}

async function remove(db: Db, { holders, resourceId, channel }: Lifting): Promise<OptOut[]> {
  const { rows } = await sql<OptOut>`
    delete from opt_out
    where contact_id = any(${holders}::bigint[]) and (resource_id is null or resource_id = ${resourceId}::bigint)
      and (channel is null or channel = ${channel})
    returning contact_id, resource_id, channel`.execute(db)
  return rows
}

// Other channels are those that a resource or the contact has: of more nobody knows.
async function insertNarrower(
  db: Db,
  { resourceId, channel }: Lifting,
  lifted: OptOut[],
  act: ConsentAct,
): Promise<OptOut[]> {
  const { rows } = await sql<OptOut>`
    with lifted as (
      select * from unnest(${lifted.map((each) => each.contact_id)}::bigint[],
        ${lifted.map((each) => each.resource_id)}::bigint[], ${lifted.map((each) => each.channel)}::text[])
        as given (contact_id, resource_id, channel)
    )
    insert into opt_out (contact_id, resource_id, channel, source)
    select contact_id, resource_id, channel, ${act.through} from (
      select lifted.contact_id, resource.id as resource_id, lifted.channel from lifted, resource
      where lifted.resource_id is null and resource.id <> ${resourceId}::bigint
      union
      select lifted.contact_id, ${resourceId}::bigint, other.channel
      from lifted cross join lateral (
        select resource_channel.channel from resource_channel
        union
        select address.channel from contact_address as address where address.contact_id = lifted.contact_id
      ) as other
      where lifted.channel is null and other.channel <> ${channel}
    ) as narrower
    order by contact_id, resource_id, channel
    on conflict do nothing
    returning contact_id, resource_id, channel`.execute(db)
  return rows
}

async function unsubscribeUnderneath(
  db: Db,
  lifting: Lifting,
  contacts: Id[],
  act: ConsentAct,
): Promise<ConsentDifference[]> {
  const { rows } = await sql<{ contact_id: Id; category_id: Id }>`
    insert into subscription (category_id, contact_id, status, source)
    select category.id, contact, 'unsubscribed', ${act.through}
    from unnest(${contacts}::bigint[]) as contact cross join category
    left join subscription as said on said.category_id = category.id and said.contact_id = contact
    where ${others(lifting, lifting.on)}
      and (said.status in ('subscribed', 'pending') or (said.status is null and category.consent = 'opt_out'))
    order by contact, category.id
    on conflict (category_id, contact_id) do update
      set status = excluded.status, source = excluded.source, changed_at = now(), legal_basis = null, explanation = null
      where subscription.status <> 'unsubscribed'
    returning contact_id, category_id`.execute(db)
  return rows.map((row) => ({ ...row, action: 'unsubscribed' }))
}

/** The categories of the resource that are not to come back. */
const others = ({ resourceId, channel }: PreferenceScope, on: readonly Id[]) => sql`
  category.resource_id = ${resourceId}::bigint and category.deleted_at is null and not category.is_required
    and ${appliesTo(channel)} and category.id <> all(${on}::bigint[])`

/**
 * What the address refuses is narrowed in the same way: whoever gains it inherits what is left of the "no", and that
 * is everything but what was switched on.
 */
export async function keepRefusalsNarrow(db: Db, scope: PreferenceScope, on: readonly Id[]): Promise<void> {
  await sql`
    with lifted as (
      delete from address_refusal as refusal
      where refusal.address_key = any(${byteaArray(scope.keys)}) and refusal.channel = ${scope.channel}
        and (refusal.category_id = any(${on}::bigint[]) or refusal.resource_id = ${scope.resourceId}::bigint
          or num_nonnulls(refusal.category_id, refusal.resource_id) = 0)
      returning address_key, category_id, resource_id
    )
    insert into address_refusal (address_key, channel, category_id, resource_id)
    select address_key, ${scope.channel}, null, resource.id from lifted, resource
    where num_nonnulls(lifted.category_id, lifted.resource_id) = 0 and resource.id <> ${scope.resourceId}::bigint
    union
    select address_key, ${scope.channel}, category.id, null from lifted, category
    where lifted.category_id is null and ${others(scope, on)}
    on conflict do nothing`.execute(db)
}

/** The address says no to these from now on. */
export async function refuseThroughAddress(
  db: Db,
  { keys, channel }: PreferenceScope,
  categories: readonly Id[],
): Promise<void> {
  await sql`
    insert into address_refusal (address_key, channel, category_id)
    select key, ${channel}, category_id
    from unnest(${byteaArray(keys)}) as key, unnest(${categories}::bigint[]) as category_id
    on conflict do nothing`.execute(db)
}
