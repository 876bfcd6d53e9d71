import { sql } from 'kysely'
import type { TokenClaims } from '../domain/link-token.ts'
import type { Sql } from './audience-facts.ts'
import type { Db } from './connect.ts'
import type { ConsentAct } from './consent.ts'
import { openLeads, withFollowers } from './pending-unsubscribe.ts'
import { turn } from './refuse.ts'
import type { Id, Through } from './schema.ts'
import { type LinkTarget, scopeTables } from './unsubscribe-scope.ts'

// Delayed unsubscribes come to their end here, each by one statement that finds it pending or does nothing. The leading
// row is the lock: whoever comes second waits there, and then finds it settled.

/** Who confirms, and what is known of them; what is not, is taken from the click that started it. */
export type ConfirmingAct = Pick<ConsentAct, 'through' | 'actor' | 'wording' | 'ip' | 'userAgent'>

const byTimer: ConfirmingAct = { through: 'timer', actor: null, wording: null, ip: null, userAgent: null }

/** @returns whether this call confirmed it. */
export const confirmUnsubscribe = async (db: Db, id: Id, act: ConfirmingAct): Promise<boolean> =>
  (await confirm(db, { leads: sql`lead.id = ${id}::bigint` }, act)).length > 0

/** The workflow's timer. By the database's clock it must be due. @returns whether this call confirmed it. */
export const settleDueUnsubscribe = async (db: Db, id: Id): Promise<boolean> =>
  (await confirm(db, { leads: sql`lead.id = ${id}::bigint and lead.due_at <= now()` }, byTimer)).length > 0

/** What runs of what a link is about. @returns what this call confirmed. */
export const confirmByLink = (db: Db, claims: TokenClaims, act: ConfirmingAct, target?: LinkTarget): Promise<Id[]> =>
  confirm(
    db,
    { tables: sql`${scopeTables(claims, target)},`, leads: sql`lead.id in (${openLeads(claims.contactId)})` },
    act,
  )

/** Workflows come first; what they have not settled by then, they will not. */
const overdueAfterSeconds = 20

/**
 * Confirms what is overdue, at most so many in one statement. Several at once take different ones.
 * @returns how many; fewer than the limit when there are no more.
 */
export async function settleOverdueUnsubscribes(db: Db, limit: number): Promise<number> {
  const leads = sql`lead.due_at < now() - make_interval(secs => ${overdueAfterSeconds})`
  const settled = await confirm(db, { leads, limit: sql`limit ${limit}`, ifLocked: sql`skip locked` }, byTimer)
  return settled.length
}

interface Which {
  /** For the `with` of the statement. */
  tables?: Sql
  /** A condition on `lead`. */
  leads: Sql
  limit?: Sql
  ifLocked?: Sql
}

async function confirm(db: Db, which: Which, act: ConfirmingAct): Promise<Id[]> {
  const { rows } = await confirmation(which, act).execute(db)
  return rows.map(({ id }) => id)
}

// The refusal of db/refuse.ts for any number of links at once: the same tables, in the same order, so that the two
// never wait for each other. Contacts and categories that several of them lead to are written once.
const confirmation = (which: Which, act: ConfirmingAct) => sql<{ id: Id }>`
  with ${which.tables ?? sql``} ${turn}, lead as materialized (
    select id, contact_id, resource_id, category_id, campaign_id, wording, ip, user_agent
    from pending_unsubscribe as lead
    where (select count(*) from turn) >= 0 and lead.state = 'pending' and lead.lead_id is null and ${which.leads}
    order by id ${which.limit ?? sql``} for update ${which.ifLocked ?? sql``}
  ), settled as (
    ${ended('confirmed', act.through)}
  ), said as materialized (
    select lead.*, campaign.channel, sent.address_keys as keys,
      case when lead.category_id is null then lead.resource_id end as refused_resource
    from lead
    join campaign on campaign.id = lead.campaign_id
    cross join sent_message(lead.campaign_id, lead.contact_id) as sent
    where (select count(*) from settled) >= 0
  ), refused as (
    insert into address_refusal (address_key, channel, category_id, resource_id)
    select distinct key, channel, category_id, refused_resource from said, unnest(keys) as key
    order by key, category_id
    on conflict do nothing
    returning 1
  ), holder as materialized (
    select distinct on (holder_id, category_id, refused_resource, channel) said.*, holder_id
    from said, holders_in_turn(contact_id, keys, channel) as holder_id
    where (select count(*) from refused) >= 0
    order by holder_id, category_id, refused_resource, channel, id
  ), unsubscribed as (
    insert into subscription (category_id, contact_id, status, source)
    select distinct category_id, holder_id, 'unsubscribed', ${act.through} from holder where category_id is not null
    order by holder_id, category_id
    on conflict (category_id, contact_id) do update
      set status = excluded.status, source = excluded.source, changed_at = now(), legal_basis = null, explanation = null
      where subscription.status <> 'unsubscribed'
    returning contact_id, category_id
  ), opted_out as (
    insert into opt_out (contact_id, resource_id, channel, source)
    select holder_id, refused_resource, channel, ${act.through} from holder where category_id is null
    order by holder_id
    on conflict do nothing
    returning contact_id, resource_id
  ), recorded as (
    insert into consent_event (contact_id, category_id, resource_id, action, through, actor, channel, address_key,
                               campaign_id, wording, ip, user_agent)
    select changed.*, case when changed.category_id is null then 'opted_out' else 'unsubscribed' end, ${act.through},
      ${act.actor}, holder.channel, holder.keys[1], holder.campaign_id, coalesce(${act.wording}, holder.wording),
      coalesce(${act.ip}::inet, holder.ip), coalesce(${act.userAgent}, holder.user_agent)
    from (
      select contact_id, category_id, null::bigint as resource_id from unsubscribed
      union all
      select contact_id, null, resource_id from opted_out
    ) as changed
    join holder on holder.holder_id = changed.contact_id and holder.category_id is not distinct from changed.category_id
      and holder.refused_resource is not distinct from changed.resource_id
    order by contact_id, category_id
    returning 1
  )
  select id from said where (select count(*) from recorded) >= 0`

/** Rows of `lead` and those that follow them. */
const ended = (state: 'confirmed' | 'cancelled', through: Through): Sql => sql`
  update pending_unsubscribe set state = ${sql.lit(state)}, settled_at = now(), settled_through = ${through}
  where state = 'pending' and id = ${withFollowers(sql`select id from lead`)}
  returning id, lead_id`

/** @returns whether this call cancelled it. */
export const cancelUnsubscribe = async (db: Db, id: Id, through: Through): Promise<boolean> =>
  (await cancel(db, { leads: sql`lead.id = ${id}::bigint` }, through)).length > 0

/** What runs of what a link is about. @returns what this call cancelled. */
export const cancelByLink = (db: Db, claims: TokenClaims, through: Through, target?: LinkTarget): Promise<Id[]> =>
  cancel(
    db,
    { tables: sql`${scopeTables(claims, target)},`, leads: sql`lead.id in (${openLeads(claims.contactId)})` },
    through,
  )

/** Who subscribes again has changed their mind: what of it was to end by itself, does not. */
export async function cancelDelays(
  db: Db,
  { holders, resourceId, categories }: { holders: readonly Id[]; resourceId: Id; categories: readonly Id[] },
  through: Through,
): Promise<void> {
  const leads = sql`lead.id in (
    select coalesce(mine.lead_id, mine.id) from pending_unsubscribe as mine
    where mine.contact_id = any(${holders}::bigint[]) and mine.state = 'pending' and mine.resource_id = ${resourceId}::bigint
      and (mine.category_id is null or mine.category_id = any(${categories}::bigint[])))`
  await cancel(db, { leads }, through)
}

// Nothing has changed that a consent event could prove: the subscription is as it was.
async function cancel(db: Db, { tables, leads }: Which, through: Through): Promise<Id[]> {
  const { rows } = await sql<{ id: Id }>`
    with ${tables ?? sql``} lead as materialized (
      select id from pending_unsubscribe as lead
      where lead.state = 'pending' and lead.lead_id is null and ${leads} order by id for update
    ), settled as (
      ${ended('cancelled', through)}
    )
    select id from settled where lead_id is null`.execute(db)
  return rows.map(({ id }) => id)
}
