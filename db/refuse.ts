import { type RawBuilder, sql } from 'kysely'
import type { Sql } from './audience-facts.ts'
import { type ConsentAct, storableAct } from './consent.ts'
import { withFollowers } from './pending-unsubscribe.ts'
import type { Id } from './schema.ts'

/** Whose "no" it is, and to what. */
export interface Refusing {
  contactId: Id
  /** The campaign whose message led to it; null when none did. */
  campaignId: Id | null
  /**
   * Tables for the `with` of the statement:
   * - `link`: one row with the `channel`, and `keys` of the addresses that it is said through. No row: nothing is done.
   * - `target`: what is refused, as `category_id`, `resource_id` (both null: everything) and `channel`.
   */
  tables: Sql
}

/**
 * Tables that carry out a "no" (SPEC: unsubscribing). It holds for the addresses: for every contact that has one of
 * them now, and by `address_refusal` for whoever gains it. All of it is one statement with the consent events; a
 * repetition changes nothing and records nothing. A claim that begins after this commit does not send.
 *
 * Everything that changes consent takes its locks in this order: the turn, delayed rows, refusals, contacts, requests to
 * confirm, subscriptions, opt-outs, chain heads; within each by id.
 *
 * Rows of others are judged when they are written, not before: what a request that came first has changed while this
 * one waited for it is left alone, and has no second event.
 */
export function refusalTables(refusing: Refusing, said: ConsentAct): Sql {
  const act = storableAct(said)
  return sql`
  ${refusing.tables}, ${turn}, ${settled(refusing, act)}, ${refused}, ${holderAfterwards(refusing)},
  ${unsubscribed(act)}, ${optedOut(act)},
  ${recorded(refusing, act)}`
}

/** Whether the statement changed anything. */
export const anythingRefused: RawBuilder<boolean> = sql`(exists (select from refused) or exists (select from recorded))`

// Before anything is held: who has the turn alone (db/consent.ts) writes the same rows, and must not wait for ours.
export const turn = sql`
  turn as materialized (select pg_advisory_xact_lock_shared(hashtextextended('addressee: refusals and imports', 0)))`

// Who cannot wait has confirmed: the contact's delayed unsubscribes from what is refused now, or from part of it, end
// with it, and those of others with the address that they lead or follow. First of all, as for the timer and for whoever
// confirms or cancels: the leading row is the lock (db/settle-unsubscribe.ts).
const settled = ({ contactId }: Refusing, { through }: ConsentAct): Sql => sql`
  lead as materialized (
    select lead.id from pending_unsubscribe as mine
    join pending_unsubscribe as lead on lead.id = coalesce(mine.lead_id, mine.id)
    where (select count(*) from turn) >= 0
      and mine.contact_id = ${contactId}::bigint and mine.state = 'pending' and lead.state = 'pending'
      and exists (select from target where mine.category_id = target.category_id or (target.category_id is null
        and (target.resource_id is null or target.resource_id = mine.resource_id)))
    order by lead.id for update of lead
  ), settled as (
    update pending_unsubscribe set state = 'confirmed', settled_at = now(), settled_through = ${through}
    where state = 'pending' and id = ${withFollowers(sql`select id from lead`)}
    returning 1
  )`

const refused = sql`
  refused as (
    insert into address_refusal (address_key, channel, category_id, resource_id)
    select key, link.channel, category_id, target.resource_id from link, unnest(keys) as key, target
    -- The turn here too: where nothing is delayed, nobody has asked for it above.
    where (select count(*) from turn) >= 0 and (select count(*) from settled) >= 0
    order by key, category_id
    on conflict do nothing
    returning category_id, resource_id
  )`

// Every contact that has the address, and the one whose "no" it is, whatever its address is now. Refusals first: a
// second request for the same address waits there, before it holds anything, for the first one's commit.
const holderAfterwards = ({ contactId }: Refusing): Sql => sql`
  holder as materialized (
    select id from link, holders_in_turn(${contactId}::bigint, keys, channel) as id
    where (select count(*) from refused) >= 0
  )`

// Writes a row even where none was: without one, a category with consent `opt_out` counts as subscribed.
// The order is the lock order: two links for the same contacts must not wait for each other.
const unsubscribed = ({ through, legalBasis, explanation }: ConsentAct): Sql => sql`
  unsubscribed as (
    insert into subscription (category_id, contact_id, status, source, legal_basis, explanation)
    select target.category_id, holder.id, 'unsubscribed', ${through}, ${legalBasis}, ${explanation}
    from holder, target where target.category_id is not null
    order by holder.id, target.category_id
    on conflict (category_id, contact_id) do update
      set status = excluded.status, source = excluded.source, changed_at = now(), legal_basis = excluded.legal_basis,
        explanation = excluded.explanation
      where subscription.status <> 'unsubscribed'
    returning contact_id, category_id
  )`

const optedOut = ({ through }: ConsentAct): Sql => sql`
  opted_out as (
    insert into opt_out (contact_id, resource_id, channel, source)
    select holder.id, target.resource_id, target.channel, ${through}
    from holder, target where target.category_id is null
    order by holder.id
    on conflict do nothing
    returning contact_id, resource_id
  )`

// An erased contact has no row left to change: the proof is that the address now refuses.
const recorded = ({ campaignId, contactId }: Refusing, act: ConsentAct): Sql => sql`
  recorded as (
    insert into consent_event (contact_id, category_id, resource_id, action, through, channel, address_key, campaign_id,
                               wording, ip, user_agent, actor, legal_basis, explanation)
    select changed.*, case when category_id is null then 'opted_out' else 'unsubscribed' end, ${act.through},
      link.channel, link.keys[1], ${campaignId}::bigint, ${act.wording}, ${act.ip}::inet, ${act.userAgent}, ${act.actor},
      ${act.legalBasis}, ${act.explanation}
    from link, (
      select contact_id, category_id, null::bigint as resource_id from unsubscribed
      union all
      select contact_id, null, resource_id from opted_out
      union all
      select ${contactId}::bigint, category_id, resource_id from refused
      where not exists (select from holder where id = ${contactId}::bigint)
    ) as changed
    -- The lock order of the chains (consent_head), as of everything else here.
    order by contact_id, category_id
    returning 1
  )`
