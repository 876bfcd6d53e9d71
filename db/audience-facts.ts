import { type RawBuilder, sql } from 'kysely'
import type { CategorySet, Criteria, SegmentSet } from './criteria.ts'
import { isEmptySet } from './criteria.ts'

// The audience rule as SQL. Resolving, previewing, explaining and claiming are put together from these pieces, so
// that they cannot disagree. Each piece reads one table: once for everybody, or confined to a few contacts.

export type Sql = RawBuilder<unknown>

/** A condition that confines a piece to some contacts; it follows a `where`. */
export type Within = Sql

const everyone: Within = sql``

/** The contact of the row beside. */
const judgedOne: Within = sql`and contact_id = judged.contact_id`

/** How a piece stands beside the contacts that are judged: read once for `everybody`, or looked up for `each`. */
type Form = 'everybody' | 'each'

const within: Record<Form, Within> = { everybody: everyone, each: judgedOne }

/** One index look-up a row with `each`, however the planner guesses the number of rows. */
const beside = (form: Form, name: Sql, piece: Sql, join: Sql = sql`left join`): Sql =>
  form === 'each'
    ? sql`left join lateral (${piece}) as ${name} on true`
    : sql`${join} (${piece}) as ${name} on ${name}.contact_id = judged.contact_id`

/** Aggregates over a contact's rows of a table: null for one that has none. */
const aggregated = (form: Form, columns: Sql, rows: Sql): Sql =>
  form === 'each'
    ? sql`select ${columns} from ${rows} ${judgedOne}`
    : sql`select contact_id, ${columns} from ${rows} group by contact_id`

/** A handful of contacts. As an array and not as a join: the planner then reads indexes. */
export const contactsOf = (ids: Sql): Within => sql`and contact_id = any(array(${ids}))`

/** Contact ids subscribed to any of the categories. May name a contact several times. */
const subscribers = (set: CategorySet, within: Within): Sql[] => [
  ...when(
    set.ids,
    sql`select contact_id from subscription
      where category_id = any(${set.ids}::bigint[]) and status = 'subscribed' ${within}`,
  ),
  ...when(
    set.optOutIds,
    sql`select contact_id from (select id as contact_id from contact) as anybody
      cross join unnest(${set.optOutIds}::bigint[]) as silent (category_id)
      where not exists (select from subscription s
        where s.category_id = silent.category_id and s.contact_id = anybody.contact_id) ${within}`,
  ),
]

/** Contact ids of the segments. May name a contact several times. */
const members = (set: SegmentSet, within: Within): Sql[] => [
  ...when(
    set.staticIds,
    sql`select contact_id from segment_member where segment_id = any(${set.staticIds}::bigint[]) ${within}`,
  ),
  ...subscribers(set.categories, within),
]

/** A part that cannot find anybody is left out: of a union the planner knows nothing, of a table it does. */
const when = (ids: string[], part: Sql): Sql[] => (ids.length === 0 ? [] : [part])

/** Each contact of the parts once. */
const together = (parts: Sql[]): Sql => {
  if (parts.length === 0) return sql`select null::bigint as contact_id where false`
  return sql`select contact_id from (${sql.join(parts, sql` union all `)}) as member group by contact_id`
}

/** Rule 1: the contacts that are judged at all, each once. */
export const candidates = (criteria: Criteria, within: Within = everyone): Sql =>
  isEmptySet(criteria.include)
    ? sql`select contact_id from (select id as contact_id from contact) as anybody where true ${within}`
    : together(members(criteria.include, within))

/** Rule 2: what each contact said about the message's categories. */
const consent = ({ categories }: Criteria, form: Form): Sql =>
  aggregated(
    form,
    sql`${categories.optOutIds.length === 0 ? sql`` : sql`array_agg(category_id) as said,`}
      array_agg(category_id) filter (where status = 'subscribed') as subscribed,
      bool_or(status = 'unsubscribed') as refused,
      bool_or(status = 'pending') as pending`,
    sql`subscription where category_id = any(${categories.ids}::bigint[])`,
  )

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
const excluded = (criteria: Criteria, within: Within): Sql =>
  together([
    ...members(criteria.exclude, within),
    ...subscribers(criteria.doNotSendTo, within),
    ...when(
      criteria.respectUnsubscribesOf,
      sql`select contact_id from subscription
        where category_id = any(${criteria.respectUnsubscribesOf}::bigint[]) and status = 'unsubscribed' ${within}`,
    ),
  ])

/** Rule 4: a wider opt-out always wins over a narrower subscription. */
const optedOut = (criteria: Criteria, form: Form): Sql =>
  aggregated(
    form,
    sql`bool_or(true) as found`,
    sql`opt_out
      where (resource_id is null or resource_id = ${criteria.resourceId}::bigint)
        and (channel is null or channel = ${criteria.channel})`,
  )

/** Rule 5: `everything` is a delayed unsubscribe from the whole resource. */
const unsubscribing = (criteria: Criteria, form: Form): Sql =>
  aggregated(
    form,
    sql`array_agg(category_id) as categories, bool_or(category_id is null) as everything`,
    sql`pending_unsubscribe where state = 'pending' and resource_id = ${criteria.resourceId}::bigint`,
  )

/** Rule 7: the address that a contact is reached at, the one of highest priority: to the resource, then in itself. */
export const activeAddress = (criteria: Criteria, within: Within): Sql => sql`
  select distinct on (contact_id) contact_id, value as address, address_key from contact_address${known(criteria)}
  where channel = ${criteria.channel} and status = 'active' ${within}
  order by contact_id, ${criteria.traits.knowsAddresses ? sql`coalesce(known.preference, 0) desc, ` : sql``}priority desc, value`

const known = ({ traits, resourceId }: Criteria): Sql =>
  traits.knowsAddresses
    ? sql` left join (select contact_id, channel, value, priority as preference from resource_address
      where resource_id = ${resourceId}::bigint) as known using (contact_id, channel, value)`
    : sql``

/** Rule 8, beside a relation `address` with the column `address_key`. */
export const suppressionOf = ({ channel }: Criteria): Sql =>
  sql`left join suppression on suppression.address_key = address.address_key and suppression.channel = ${channel}`

const suppressionOfEach = ({ channel }: Criteria): Sql =>
  sql`left join lateral (select kind from suppression
    where suppression.address_key = address.address_key and suppression.channel = ${channel} offset 0) as suppression on true`

/**
 * One row for each judged contact with what the rules 2 to 6 look at, read once for everybody.
 * @param judged a relation with the column `contact_id`: who is judged.
 * @param options.silent whether contacts that said nothing about the message's categories get a row too.
 */
export const personFacts = (criteria: Criteria, judged: Sql, options: { silent: boolean }): Sql => sql`
  select judged.contact_id, ${personColumns(criteria, { exclusions: true })}
  from (${judged}) as judged
  left join contact on contact.id = judged.contact_id
  ${besidePerson(criteria, 'everybody', { exclusions: true, joinConsent: options.silent ? sql`left join` : sql`join` })}`

/**
 * One row for each of a few contacts with what the rules 2 to 8 look at, one by one through the indexes.
 * @param judged a relation with the column `contact_id`.
 * @param options.address rule 7 as a subquery of `address, address_key` that may look at the row of `judged`; by
 *   default the contact's active address.
 * @param options.exclusions whether rule 3 is judged.
 * @param options.columns what else is wanted of `judged` and `contact`.
 */
export function factsOfFew(
  criteria: Criteria,
  judged: Sql,
  options: { address?: Sql; exclusions?: boolean; columns?: Sql } = {},
): Sql {
  const exclusions = options.exclusions ?? true
  return sql`
  select judged.contact_id, ${personColumns(criteria, { exclusions })},
    address.address, address.address_key, suppression.kind as suppressed ${options.columns ?? sql``}
  from (${judged}) as judged
  left join lateral (select * from contact where id = judged.contact_id offset 0) as contact on true
  ${besidePerson(criteria, 'each', { exclusions })}
  left join lateral (${options.address ?? activeAddress(criteria, judgedOne)}) as address on true
  ${suppressionOfEach(criteria)}`
}

const personColumns = (criteria: Criteria, { exclusions }: { exclusions: boolean }): Sql => sql`
    contact.created_at, eligible.category_ids,
    ${isEligible(criteria)} as subscribed,
    coalesce(consent.refused, false) as refused,
    coalesce(consent.pending, false) as pending,
    ${exclusions ? sql`excluded.contact_id is not null` : sql`false`} as excluded,
    opted_out.found is not null as opted_out,
    coalesce(unsubscribing.everything or unsubscribing.categories && eligible.category_ids, false) as unsubscribing,
    contact.id is null or contact.deleted_at is not null as deleted`

const besidePerson = (criteria: Criteria, form: Form, options: { exclusions: boolean; joinConsent?: Sql }): Sql => sql`
  ${beside(form, sql`consent`, consent(criteria, form), options.joinConsent)}
  cross join lateral (select ${eligibleCategories(criteria)} as category_ids) as eligible
  ${options.exclusions ? beside(form, sql`excluded`, excluded(criteria, within[form])) : sql``}
  ${beside(form, sql`opted_out`, optedOut(criteria, form))}
  ${beside(form, sql`unsubscribing`, unsubscribing(criteria, form))}`

/** The first of the rules 2 to 6 that fails, as the reason to record; null when they hold. Reads a row of facts. */
export const personReason: Sql = sql`case
    when not subscribed then case when refused then 'unsubscribed' when pending then 'pending' else 'not_subscribed' end
    when excluded then 'excluded'
    when opted_out then 'opted_out'
    when unsubscribing then 'unsubscribing'
    when deleted then 'deleted'
  end`

/** The same for the rules 7 and 8. */
export const addressReason: Sql = sql`case
    when address is null then 'no_address'
    when suppressed is not null then 'suppressed:' || suppressed
  end`

/** The same for the rules 2 to 8. */
export const reason: Sql = sql`coalesce(${personReason}, ${addressReason})`
