import { type RawBuilder, sql } from 'kysely'
import type { TokenClaims } from '../domain/link-token.ts'
import type { Sql } from './audience-facts.ts'
import type { Db } from './connect.ts'
import type { ConsentAct } from './consent.ts'
import type { Id, Through } from './schema.ts'
import { type LinkTarget, scopeTables } from './unsubscribe-scope.ts'

/** A delayed unsubscribe that runs: one contact leaves one category, or all of the resource, when it is due. */
export interface PendingUnsubscribe {
  /** Of the row that leads: other contacts with the same address follow it. */
  id: Id
  dueAt: Date
  contactId: Id
  firstName: string | null
  resource: string
  /** Its title; null when everything of the resource is meant. */
  category: string | null
}

/** Pending rows that a link's contact leads or follows, and that concern what the link is about. */
export const openLeads = (contactId: Id): Sql => sql`
  select coalesce(mine.lead_id, mine.id) as id from pending_unsubscribe as mine, link, target
  where mine.contact_id = ${contactId}::bigint and mine.state = 'pending' and mine.resource_id = link.resource_id
    and mine.category_id is not distinct from target.category_id`

/** A row and those that follow it. @param leads selects their `id`. */
export const withFollowers = (leads: Sql): Sql => sql`any(array(
  ${leads}
  union all
  select follower.id from pending_unsubscribe as follower where follower.lead_id in (${leads})))`

/** One line of a list for people; `where` confines it. */
const described = (where: RawBuilder<unknown>) => sql<PendingUnsubscribe>`
  select lead.id, lead.due_at as "dueAt", lead.contact_id as "contactId", contact.first_name as "firstName",
    resource.name as resource, category.title as category
  from pending_unsubscribe as lead
  join contact on contact.id = lead.contact_id
  join resource on resource.id = lead.resource_id
  left join category on category.id = lead.category_id
  where lead.state = 'pending' and ${where}
  order by lead.due_at, lead.id`

/** What runs of what a link is about. A second tab, and a twin who has the same address, find the same rows. */
export async function openUnsubscribes(
  db: Db,
  claims: TokenClaims,
  target?: LinkTarget,
): Promise<PendingUnsubscribe[]> {
  const { rows } = await sql<PendingUnsubscribe>`
    with ${scopeTables(claims, target)}
    ${described(sql`lead.id in (${openLeads(claims.contactId)})`)}`.execute(db)
  return rows
}

/** What runs for the contacts, theirs or by an address that they share; of everybody, the next ones due, by default. */
export async function listPendingUnsubscribes(
  db: Db,
  options: { contactIds: Id[] | null; limit: number },
): Promise<PendingUnsubscribe[]> {
  const { contactIds, limit } = options
  const which =
    contactIds === null
      ? sql`lead.lead_id is null`
      : sql`lead.id in (select coalesce(lead_id, id) from pending_unsubscribe
          where state = 'pending' and contact_id = any(${contactIds}::bigint[]))`
  const { rows } = await sql<PendingUnsubscribe>`${described(which)} limit ${limit}`.execute(db)
  return rows
}

/**
 * Starts the resource's timer for what a link is about: a row for each category (or one for the resource), and one for
 * every other contact that has the address. What runs already is left alone and not made longer.
 * @returns what runs now; `started` names the rows that this call made, whose workflows are to be started.
 */
export async function startUnsubscribe(
  db: Db,
  claims: TokenClaims,
  act: Pick<ConsentAct, 'wording' | 'ip' | 'userAgent'>,
): Promise<{ running: PendingUnsubscribe[]; started: Set<Id> }> {
  return db.transaction().execute(async (db) => {
    const { rows } = await start(claims, act).execute(db)
    return { running: await openUnsubscribes(db, claims), started: new Set(rows.map(({ id }) => id)) }
  })
}

// Due at a whole millisecond: JavaScript knows no less, and a workflow would wake up too early.
// Twins who click at the same moment would each wait for the other's row: all who are concerned are locked before, in
// the order of their ids; by whom, for they may share several addresses. Who had to wait may then find both rows taken,
// and has started nothing.
const start = (claims: TokenClaims, { wording, ip, userAgent }: Pick<ConsentAct, 'wording' | 'ip' | 'userAgent'>) =>
  sql<{ id: Id }>`
  with ${scopeTables(claims)}, holder as materialized (
    select id from link, holders_in_turn(${claims.contactId}::bigint, keys, channel) as id
  ), locked as materialized (
    select pg_advisory_xact_lock(hashtextextended('addressee: delayed ' || id, 0))
    from (select id from holder order by id) as each
  ), lead as (
    insert into pending_unsubscribe (contact_id, resource_id, category_id, campaign_id, due_at, wording, ip, user_agent)
    select holder.id, link.resource_id, target.category_id, ${claims.campaignId}::bigint,
      date_trunc('milliseconds', now()) + make_interval(secs => link."timerSeconds"), ${wording}, ${ip}::inet, ${userAgent}
    from link, target, holder where (select count(*) from locked) >= 0 and holder.id = ${claims.contactId}::bigint
    order by target.category_id
    on conflict do nothing
    returning id, contact_id, resource_id, category_id, campaign_id, due_at
  ), follower as (
    insert into pending_unsubscribe (contact_id, resource_id, category_id, campaign_id, due_at, lead_id)
    select holder.id, resource_id, category_id, campaign_id, due_at, lead.id
    from holder, lead where holder.id <> lead.contact_id
    order by holder.id, category_id
    on conflict do nothing
  )
  select id from lead`

/** How a delayed unsubscribe came to its end. */
export interface SettledUnsubscribe {
  state: 'confirmed' | 'cancelled'
  through: Through | null
  settledAt: Date | null
}

/** Where one stands, by its id or that of one that follows it; undefined when there is none (any more). */
export async function unsubscribeState(
  db: Db,
  id: Id,
): Promise<(Omit<SettledUnsubscribe, 'state'> & { state: 'pending' | 'confirmed' | 'cancelled' }) | undefined> {
  return db
    .selectFrom('pending_unsubscribe')
    .select(['state', 'settled_through as through', 'settled_at as settledAt'])
    .where('id', '=', id)
    .executeTakeFirst()
}

/** How the latest delayed unsubscribe of this very message ended, among the link's categories; null when there was none. */
export async function latestOutcome(
  db: Db,
  claims: TokenClaims,
  target?: LinkTarget,
): Promise<'confirmed' | 'cancelled' | null> {
  const { rows } = await sql<{ state: 'confirmed' | 'cancelled' }>`
    with ${scopeTables(claims, target)}
    select mine.state from pending_unsubscribe as mine
    join target on mine.category_id is not distinct from target.category_id
    where mine.contact_id = ${claims.contactId}::bigint and mine.campaign_id = ${claims.campaignId}::bigint
      and mine.state <> 'pending'
    order by mine.settled_at desc, mine.id desc limit 1`.execute(db)
  return rows[0]?.state ?? null
}
