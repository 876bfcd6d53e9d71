import { sql } from 'kysely'
import type { TokenClaims } from '../domain/link-token.ts'
import type { Sql } from './audience-facts.ts'
import type { Db } from './connect.ts'
import { scopeTables, scopeWith, type UnsubscribeScope } from './unsubscribe-scope.ts'

/** How somebody unsubscribed: what the consent event proves. */
export interface UnsubscribeAct {
  through: 'page' | 'one_click'
  /** Version of the wording on the page; null when nothing was shown. */
  wording: string | null
  ip: string | null
  userAgent: string | null
}

/**
 * - `unsubscribed`: just now.
 * - `already`: everything that the link can refuse was refused before.
 * - `gone`: nothing is known any more of what the link is about.
 */
export type UnsubscribeOutcome = { kind: 'unsubscribed' | 'already'; scope: UnsubscribeScope } | { kind: 'gone' }

/**
 * Unsubscribes from the categories that made the recipient eligible, or from the resource on the message's channel
 * when the message had none (SPEC: unsubscribing). It holds for the address: for every contact that has it now, and
 * by `address_refusal` for whoever gains it. One statement with the consent events; a repetition changes nothing
 * and records nothing. A claim that begins after this commit does not send.
 */
export async function unsubscribe(db: Db, claims: TokenClaims, act: UnsubscribeAct): Promise<UnsubscribeOutcome> {
  const { rows } = await refusal(claims, act).execute(db)
  if (rows[0] === undefined) return { kind: 'gone' }
  const { changed, ...scope } = rows[0]
  return { kind: changed ? 'unsubscribed' : 'already', scope }
}

// Rows of others are judged when they are written, not before: what a request that came first has changed while this
// one waited for it is left alone, and has no second event.
const refusal = (claims: TokenClaims, act: UnsubscribeAct) => sql<UnsubscribeScope & { changed: boolean }>`
  with ${scopeTables(claims)}, ${refused}, ${holderAfterwards(claims)}, ${unsubscribed(act)}, ${optedOut(act)},
  ${recorded(claims, act)}
  ${scopeWith(sql`exists (select from refused) or exists (select from recorded) as changed`)}`

const refused = sql`
  refused as (
    insert into address_refusal (address_key, channel, category_id, resource_id)
    select key, target.channel, category_id, target.resource_id from link, unnest(keys) as key, target
    order by key, category_id
    on conflict do nothing
    returning category_id, resource_id
  )`

// Every contact that has the address, and the one that the message went to, whatever its address is now. Refusals first:
// a second request for the same address waits there, before it holds anything, for the first one's commit.
const holderAfterwards = ({ contactId }: TokenClaims): Sql => sql`
  holder as materialized (
    select id from link, holders_in_turn(${contactId}::bigint, keys, channel) as id
    where (select count(*) from refused) >= 0
  )`

// Writes a row even where none was: without one, a category with consent `opt_out` counts as subscribed.
// The order is the lock order: two links for the same contacts must not wait for each other.
const unsubscribed = ({ through }: UnsubscribeAct): Sql => sql`
  unsubscribed as (
    insert into subscription (category_id, contact_id, status, source)
    select target.category_id, holder.id, 'unsubscribed', ${through}
    from holder, target where target.category_id is not null
    order by holder.id, target.category_id
    on conflict (category_id, contact_id) do update
      set status = excluded.status, source = excluded.source, changed_at = now(), legal_basis = null, explanation = null
      where subscription.status <> 'unsubscribed'
    returning contact_id, category_id
  )`

const optedOut = ({ through }: UnsubscribeAct): Sql => sql`
  opted_out as (
    insert into opt_out (contact_id, resource_id, channel, source)
    select holder.id, target.resource_id, target.channel, ${through}
    from holder, target where target.category_id is null
    order by holder.id
    on conflict do nothing
    returning contact_id, resource_id
  )`

// An erased contact has no row left to change: the proof is that the address now refuses.
const recorded = ({ campaignId, contactId }: TokenClaims, act: UnsubscribeAct): Sql => sql`
  recorded as (
    insert into consent_event (contact_id, category_id, resource_id, action, through, channel, address_key, campaign_id,
                               wording, ip, user_agent)
    select changed.*, case when category_id is null then 'opted_out' else 'unsubscribed' end, ${act.through},
      link.channel, link.keys[1], ${campaignId}::bigint, ${act.wording}, ${act.ip}::inet, ${act.userAgent}
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
