import { sql } from 'kysely'
import type { TokenClaims } from '../domain/link-token.ts'
import type { Sql } from './audience-facts.ts'
import type { Db } from './connect.ts'
import { type ConsentAct, takeTurn } from './consent.ts'
import { scopeTables } from './unsubscribe-scope.ts'

// Taking back a "no" is the person's own act on the page that told them of it. What it brings back is read from the
// history: everything that one click changed was recorded at one instant, that of its transaction.

/** Who changes their mind later is asked again on the preference page: a link in old mail must not subscribe. */
const undoableForHours = 24

/** Whether the latest unsubscribe that a link led to can be taken back. */
export async function canUndoUnsubscribe(db: Db, claims: TokenClaims): Promise<boolean> {
  const { rows } = await sql<{ can: boolean }>`
    with ${click(claims)} select exists (select from taken) as can`.execute(db)
  return rows[0]?.can ?? false
}

/**
 * Brings back what the latest unsubscribe through a link took away: subscriptions with their legal basis, opt-outs, and
 * the refusal of the address. Only what nothing was said about since. A repetition finds nothing.
 * @returns whether anything came back.
 */
export async function undoUnsubscribe(
  db: Db,
  claims: TokenClaims,
  act: Pick<ConsentAct, 'wording' | 'ip' | 'userAgent'>,
): Promise<boolean> {
  return db.transaction().execute(async (db) => {
    await takeTurn(db)
    const { rows } = await undoing(claims, act).execute(db)
    return (rows[0]?.changed ?? 0) > 0
  })
}

/**
 * `taken`: each thing that the click took from somebody, with what it was before (`status` null: there was nothing).
 * Whoever shares the address and had said nothing before was not subscribed, and is left as they are now.
 */
const click = (claims: TokenClaims): Sql => sql`
  ${scopeTables(claims)}, holder as materialized (
    select ${claims.contactId}::bigint as id
    union
    select contact_id from link join contact_address on address_key = any(link.keys) and contact_address.channel = link.channel
  ), latest as materialized (
    select max(at) as at from consent_event
    where contact_id = ${claims.contactId}::bigint and campaign_id = ${claims.campaignId}::bigint
      and action in ('unsubscribed', 'opted_out') and at > now() - make_interval(hours => ${undoableForHours})
  ), taken as materialized (
    select event.contact_id, event.category_id, event.resource_id, event.channel, event.address_key, latest.at,
      coalesce(before.action, 'subscribed') as status, before.legal_basis, before.explanation
    from latest
    join consent_event as event on event.contact_id in (select id from holder) and event.at = latest.at
      and event.campaign_id = ${claims.campaignId}::bigint and event.action in ('unsubscribed', 'opted_out')
    left join category on category.id = event.category_id
    left join lateral (
      select action, legal_basis, explanation from consent_event as before
      where before.contact_id = event.contact_id and before.category_id = event.category_id and before.number < event.number
      order by before.number desc limit 1
    ) as before on true
    where not exists (
        select from consent_event as later
        where later.contact_id = event.contact_id and later.number > event.number
          and later.category_id is not distinct from event.category_id
          and later.resource_id is not distinct from event.resource_id)
      and (event.category_id is null or before.action in ('subscribed', 'pending') or (before.action is null
        and (category.consent = 'opt_out' or (event.contact_id = ${claims.contactId}::bigint
          and event.category_id in (select unnest(category_ids) from link)))))
    order by event.contact_id, event.category_id
  )`

const undoing = (claims: TokenClaims, { wording, ip, userAgent }: Pick<ConsentAct, 'wording' | 'ip' | 'userAgent'>) =>
  sql<{ changed: number }>`
  with ${click(claims)}, allowed as (
    delete from address_refusal as refusal using taken, link
    where refusal.address_key = any(link.keys) and refusal.channel = link.channel and refusal.created_at = taken.at
      and refusal.category_id is not distinct from taken.category_id
      and refusal.resource_id is not distinct from taken.resource_id
    returning 1
  ), resubscribed as (
    update subscription set status = taken.status, source = 'page', changed_at = now(),
      legal_basis = taken.legal_basis, explanation = taken.explanation
    from taken
    where subscription.contact_id = taken.contact_id and subscription.category_id = taken.category_id
      and subscription.status = 'unsubscribed' and (select count(*) from allowed) >= 0
    returning taken.contact_id, taken.category_id, taken.status, taken.legal_basis, taken.explanation
  ), opted_in as (
    delete from opt_out using taken
    where taken.category_id is null and opt_out.contact_id = taken.contact_id
      and opt_out.resource_id is not distinct from taken.resource_id and opt_out.channel is not distinct from taken.channel
      and (select count(*) from allowed) >= 0
    returning opt_out.contact_id, opt_out.resource_id
  ), recorded as (
    insert into consent_event (contact_id, category_id, resource_id, action, legal_basis, explanation, through, channel,
                               address_key, campaign_id, wording, ip, user_agent)
    select changed.*, 'page', link.channel, link.keys[1], ${claims.campaignId}::bigint, ${wording}, ${ip}::inet, ${userAgent}
    from link, (
      select contact_id, category_id, null::bigint as resource_id, status, legal_basis, explanation from resubscribed
      union all
      select contact_id, null, resource_id, 'opted_in', null, null from opted_in
    ) as changed
    order by contact_id, category_id
    returning 1
  )
  select count(*)::int as changed from recorded`
