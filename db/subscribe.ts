import { sql } from 'kysely'
import type { Db } from './connect.ts'
import { type ConsentAct, storableAct } from './consent.ts'
import { nobodyThere, requestOptIn } from './request-opt-in.ts'
import type { Id } from './schema.ts'
import { type Closed, closedTo, refuseClosed } from './subscribable.ts'

export interface Subscribing {
  contactId: Id
  categoryId: Id
  channel: string
  /** Whether the contact has asked for it: with double opt-in even one who refused is asked to confirm then. */
  asked?: boolean
}

/**
 * - `subscribed`: just now.
 * - `already`: it was so before, and stays as it was recorded.
 * - `pending`: it waits for the person's confirmation, which nobody else can give.
 * - `refused`: the person said no, to the category or to more than that; it stands (SPEC: unsubscribing).
 */
export type SubscribeOutcome = 'subscribed' | 'already' | 'pending' | 'refused'

interface SubscribedRow extends Closed {
  was: 'subscribed' | 'unsubscribed' | 'pending' | 'not_subscribed'
  isNew: boolean
  doubleOptIn: boolean
}

/**
 * Subscribes on the word of somebody else than the person: an application, an operator. Who refused is left alone. A
 * refusal that commits while this runs wins: the row that it writes is not overwritten.
 * In a category with double opt-in nobody but the person can say yes: they are asked (db/request-opt-in.ts).
 * @throws {Refusal} when contact or category are there no more, for a category that is out of use, and for a contact of
 * a source that the resource does not take.
 */
export async function subscribe(db: Db, subscribing: Subscribing, act: ConsentAct): Promise<SubscribeOutcome> {
  const { rows } = await subscription(subscribing, storableAct(act)).execute(db)
  const [row] = rows
  if (row === undefined) throw nobodyThere(subscribing)
  refuseClosed(row)
  if (row.doubleOptIn) return (await requestOptIn(db, { asked: false, ...subscribing }, act)).kind
  if (row.isNew) return 'subscribed'
  // Somebody else wrote the row since: what it says now is the answer.
  if (row.was === 'not_subscribed') return subscribe(db, subscribing, act)
  return outcomes[row.was]
}

const outcomes = { subscribed: 'already', pending: 'pending', unsubscribed: 'refused' } as const

// Who is subscribed by silence (consent `opt_out`) gets a row when they say so: with it comes the legal basis.
const subscription = ({ contactId, categoryId, channel }: Subscribing, act: ConsentAct) => sql<SubscribedRow>`
  with holder as materialized (
    -- In turn, as every change of consent: whoever is confirming, importing or erasing comes before or after.
    select id from holders_in_turn(${contactId}::bigint, array[]::bytea[], ${channel}) as id
  ), found as materialized (
    select consent.status, category.double_opt_in, category.key, resource.key as resource,
      ${closedTo(sql`(select source from contact where id = holder.id)`)} as closed
    from holder, category join resource on resource.id = category.resource_id
    cross join lateral consent_of(holder.id, category.id, ${channel}) as consent
    where category.id = ${categoryId}::bigint
  ), added as (
    insert into subscription (category_id, contact_id, status, legal_basis, explanation, source)
    select ${categoryId}::bigint, ${contactId}::bigint, 'subscribed', ${act.legalBasis}, ${act.explanation}, ${act.through}
    from found where status in ('subscribed', 'not_subscribed') and not double_opt_in and closed is null
    on conflict do nothing
    returning contact_id, category_id
  ), recorded as (
    insert into consent_event (contact_id, category_id, action, through, actor, legal_basis, explanation, channel,
                               address_key, campaign_id, wording, ip, user_agent)
    select contact_id, category_id, 'subscribed', ${act.through}, ${act.actor}, ${act.legalBasis}, ${act.explanation},
      ${channel}, (select address_key from contact_address
        where contact_id = ${contactId}::bigint and channel = ${channel} order by priority desc, value limit 1),
      ${act.campaignId}::bigint, ${act.wording}, ${act.ip}::inet, ${act.userAgent}
    from added
  )
  select status as was, exists (select from added) as "isNew", double_opt_in as "doubleOptIn",
    key as category, resource, closed from found`
