import { type RawBuilder, sql } from 'kysely'
import type { CategorySet, Criteria, SegmentSet } from './criteria.ts'
import { isEmptySet } from './criteria.ts'

// The audience rule as SQL. Resolving, previewing, explaining and claiming are put together from these pieces, so
// that they cannot disagree. Each piece reads one table once for all contacts, or, given a scope, only for those.

export type Sql = RawBuilder<unknown>

/** A subquery of contact ids to which every piece is confined; null for all contacts. */
export type Scope = Sql | null

// As an array and not as a join: the planner then reads indexes, also when it plans for parameters that it has not
// seen, which postgres does from the sixth execution of a prepared statement on.
const within = (scope: Scope): Sql => (scope === null ? sql`` : sql`and contact_id = any(array(${scope}))`)

const contacts = (scope: Scope): Sql => sql`
  select * from (select id, id as contact_id, created_at, deleted_at from contact) as contact where true ${within(scope)}`

/** Contact ids subscribed to any of the categories. May name a contact several times. */
function subscribers(set: CategorySet, scope: Scope): Sql {
  const said = sql`select contact_id from subscription
    where category_id = any(${set.ids}::bigint[]) and status = 'subscribed' ${within(scope)}`
  if (set.optOutIds.length === 0) return said
  return sql`${said}
    union all
    select contact_id from (select id as contact_id from contact) as everyone
    cross join unnest(${set.optOutIds}::bigint[]) as silent (category_id)
    where not exists (select from subscription s
      where s.category_id = silent.category_id and s.contact_id = everyone.contact_id) ${within(scope)}`
}

/** Contact ids of the segments. May name a contact several times. */
const members = (set: SegmentSet, scope: Scope): Sql => sql`
  select contact_id from segment_member where segment_id = any(${set.staticIds}::bigint[]) ${within(scope)}
  union all
  ${subscribers(set.categories, scope)}`

/** Rule 1: the contacts that are judged at all, each once. */
export const candidates = (criteria: Criteria, scope: Scope): Sql =>
  isEmptySet(criteria.include)
    ? sql`select contact_id from (select id as contact_id from contact) as everyone where true ${within(scope)}`
    : sql`select contact_id from (${members(criteria.include, scope)}) as member group by contact_id`

/** Rule 2: what each contact said about the message's categories. */
const consent = (criteria: Criteria, scope: Scope): Sql => sql`
  select contact_id,
    array_agg(category_id) as said,
    array_agg(category_id) filter (where status = 'subscribed') as subscribed,
    bool_or(status = 'unsubscribed') as refused,
    bool_or(status = 'pending') as pending
  from subscription where category_id = any(${criteria.categories.ids}::bigint[]) ${within(scope)}
  group by contact_id`

/** The message's categories that make a contact eligible, from its row of `consent` (all null: it said nothing). */
const eligibleCategories = ({ categories }: Criteria): Sql =>
  categories.optOutIds.length === 0
    ? sql`coalesce(consent.subscribed, '{}')`
    : sql`coalesce(consent.subscribed, '{}') || array(
        select id from unnest(${categories.optOutIds}::bigint[]) as id where id <> all(coalesce(consent.said, '{}')))`

const isEligible = ({ categories, match }: Criteria): Sql => {
  if (categories.ids.length === 0) return sql`true`
  return sql`cardinality(eligible.category_ids) >= ${match === 'all' ? categories.ids.length : 1}::int`
}

/** Rule 3. */
const excluded = (criteria: Criteria, scope: Scope): Sql => sql`
  select contact_id from (
    ${members(criteria.exclude, scope)}
    union all
    ${subscribers(criteria.doNotSendTo, scope)}
    union all
    select contact_id from subscription
      where category_id = any(${criteria.respectUnsubscribesOf}::bigint[]) and status = 'unsubscribed' ${within(scope)}
  ) as out_of_it group by contact_id`

/** Rule 4: a wider opt-out always wins over a narrower subscription. */
const optedOut = (criteria: Criteria, scope: Scope): Sql => sql`
  select contact_id from opt_out
  where (resource_id is null or resource_id = ${criteria.resourceId}::bigint)
    and (channel is null or channel = ${criteria.channel}) ${within(scope)}
  group by contact_id`

/** Rule 5: `everything` is a delayed unsubscribe from the whole resource. */
const unsubscribing = (criteria: Criteria, scope: Scope): Sql => sql`
  select contact_id, array_agg(category_id) as categories, bool_or(category_id is null) as everything
  from pending_unsubscribe
  where state = 'pending' and resource_id = ${criteria.resourceId}::bigint ${within(scope)}
  group by contact_id`

/** Rule 7: the address that a contact is reached at, the one of highest priority. */
const activeAddress = (criteria: Criteria, scope: Scope): Sql => sql`
  select distinct on (contact_id) contact_id, value as address, address_key from contact_address
  where channel = ${criteria.channel} and status = 'active' ${within(scope)}
  order by contact_id, priority desc, value`

/**
 * One row per judged contact with everything that the rules 2 to 8 look at.
 * @param judged a relation with the column `contact_id`: who is judged.
 * @param options.addresses rule 7 as a relation `contact_id, address, address_key`; by default the active address.
 * @param options.exclusions whether rule 3 is judged.
 */
export function facts(
  criteria: Criteria,
  judged: Sql,
  scope: Scope,
  options: { addresses?: Sql; exclusions?: boolean } = {},
): Sql {
  const withExclusions = options.exclusions ?? true
  return sql`
  select judged.contact_id, contact.created_at, eligible.category_ids, address.address, address.address_key,
    ${isEligible(criteria)} as subscribed,
    coalesce(consent.refused, false) as refused,
    coalesce(consent.pending, false) as pending,
    ${withExclusions ? sql`excluded.contact_id is not null` : sql`false`} as excluded,
    opted_out.contact_id is not null as opted_out,
    coalesce(unsubscribing.everything or unsubscribing.categories && eligible.category_ids, false) as unsubscribing,
    contact.id is null or contact.deleted_at is not null as deleted,
    suppression.kind as suppressed
  from (${judged}) as judged
  left join (${contacts(scope)}) as contact on contact.id = judged.contact_id
  left join (${consent(criteria, scope)}) as consent on consent.contact_id = judged.contact_id
  cross join lateral (select ${eligibleCategories(criteria)} as category_ids) as eligible
  ${withExclusions ? sql`left join (${excluded(criteria, scope)}) as excluded on excluded.contact_id = judged.contact_id` : sql``}
  left join (${optedOut(criteria, scope)}) as opted_out on opted_out.contact_id = judged.contact_id
  left join (${unsubscribing(criteria, scope)}) as unsubscribing on unsubscribing.contact_id = judged.contact_id
  left join (${options.addresses ?? activeAddress(criteria, scope)}) as address on address.contact_id = judged.contact_id
  left join suppression on suppression.address_key = address.address_key and suppression.channel = ${criteria.channel}`
}

/** The first rule of 2 to 8 that fails, as the reason to record; null when all hold. Reads a row of `facts`. */
export const reason: Sql = sql`case
    when not subscribed then case when refused then 'unsubscribed' when pending then 'pending' else 'not_subscribed' end
    when excluded then 'excluded'
    when opted_out then 'opted_out'
    when unsubscribing then 'unsubscribing'
    when deleted then 'deleted'
    when address is null then 'no_address'
    when suppressed is not null then 'suppressed:' || suppressed
  end`
