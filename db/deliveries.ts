import { sql } from 'kysely'
import type { EventKind } from '../domain/event-kind.ts'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'

/** Who delivers for a webhook: the latest to say so, and nobody else. */
export interface Deliverer {
  webhookId: Id
  token: string
}

/**
 * Takes over from whoever delivered before, or says that one is still there. An attempt that Temporal has given up for
 * dead, and that lives, finds nothing due from then on: so no two post for a webhook side by side, out of order.
 */
export async function takeOver(db: Db, { webhookId, token }: Deliverer): Promise<void> {
  await sql`update webhook set deliverer = ${token}::uuid, delivering_at = now() where id = ${webhookId}`.execute(db)
}

export async function stillDelivering(db: Db, { webhookId, token }: Deliverer): Promise<void> {
  await sql`update webhook set delivering_at = now()
    where id = ${webhookId} and deliverer = ${token}::uuid`.execute(db)
}

/** Where a webhook's messages go, and whether they may. Undefined when it was deleted, or another has taken over. */
export interface Target {
  url: string
  /** All sign. */
  secrets: string[]
  isDisabled: boolean
}

export async function targetOf(db: Db, { webhookId, token }: Deliverer): Promise<Target | undefined> {
  const { rows } = await sql<Target>`
    select url, disabled_at is not null as "isDisabled",
      case when rotated_at > now() - interval '1 day' then secrets else secrets[1:1] end as secrets
    from webhook where id = ${webhookId} and deliverer = ${token}::uuid`.execute(db)
  return rows[0]
}

/** An event that is to be posted now. */
export interface DueDelivery {
  eventId: Id
  /** How many have failed. */
  attempts: number
  kind: EventKind
  at: Date
  payload: Record<string, unknown>
}

/**
 * What may be posted now: of each contact, and of each campaign, the earliest event that was not posted yet, unless it
 * waits for its next try.
 * @param underWay what the deliverer is posting already.
 */
export async function dueDeliveries(
  db: Db,
  { webhookId, token }: Deliverer,
  underWay: readonly Id[],
  limit: number,
): Promise<DueDelivery[]> {
  const { rows } = await sql<DueDelivery>`
    select due.event_id as "eventId", due.attempts, event.kind, event.at, event.payload
    from webhook
    join webhook_delivery due on due.webhook_id = webhook.id
    join event on event.id = due.event_id
    where webhook.id = ${webhookId} and webhook.deliverer = ${token}::uuid and webhook.disabled_at is null
      and (webhook.held_until is null or webhook.held_until <= now())
      and due.state = 'pending' and due.next_at <= now() and due.event_id <> all (${underWay}::bigint[])
      and not exists (
        select from webhook_delivery earlier
        where earlier.webhook_id = due.webhook_id and earlier.line = due.line and earlier.state = 'pending'
          and earlier.event_id < due.event_id)
    order by due.next_at, due.event_id
    limit ${limit}`.execute(db)
  return rows
}

/** How an attempt ended. Times in seconds from now. */
export type AttemptEnd =
  | { state: 'delivered'; status: number }
  | { state: 'pending'; status: number | null; error: string; wait: number; holdAll: number | null }
  | { state: 'failed'; status: number | null; error: string; gone: boolean }

/**
 * Records an attempt. What was settled meanwhile by somebody else, or set back to be posted anew, is left as it is.
 * @param end.holdAll for how long nothing at all is to be posted to the webhook. @param end.gone it is disabled.
 */
export async function recordAttempt(
  db: Db,
  webhookId: Id,
  { eventId, attempts }: Pick<DueDelivery, 'eventId' | 'attempts'>,
  end: AttemptEnd,
): Promise<void> {
  const error = 'error' in end ? end.error : null
  const wait = end.state === 'pending' ? end.wait : 0
  const holdAll = end.state === 'pending' ? end.holdAll : null
  const gone = end.state === 'failed' && end.gone
  await sql`
    with told as (
      update webhook set
        held_until = coalesce(now() + make_interval(secs => ${holdAll}::int), held_until),
        disabled_at = case when ${gone}::boolean then now() else disabled_at end,
        disabled_reason = case when ${gone}::boolean then 'the receiver answers 410 Gone' else disabled_reason end
      where id = ${webhookId} and (${holdAll}::int is not null or ${gone}::boolean) and disabled_at is null
    )
    update webhook_delivery set
      state = ${end.state}, attempts = attempts + 1, next_at = now() + make_interval(secs => ${wait}::int),
      last_status = ${end.status}::int, last_error = ${error}::text,
      delivered_at = case when ${end.state}::text = 'delivered' then now() end
    where webhook_id = ${webhookId} and event_id = ${eventId} and state = 'pending' and attempts = ${attempts}`.execute(
    db,
  )
}

export interface DeliveryCounts {
  pending: number
  delivered: number
  failed: number
  /** What the latest event that could not be delivered met with; null when there is none. */
  lastError: string | null
}

export async function countDeliveries(db: Db, webhookId: Id): Promise<DeliveryCounts> {
  const { rows } = await sql<DeliveryCounts>`
    select count(*) filter (where state = 'pending')::int as pending,
      count(*) filter (where state = 'delivered')::int as delivered,
      count(*) filter (where state = 'failed')::int as failed,
      (select last_error from webhook_delivery
        where webhook_id = ${webhookId} and last_error is not null order by event_id desc limit 1) as "lastError"
    from webhook_delivery where webhook_id = ${webhookId}`.execute(db)
  return rows[0] ?? { pending: 0, delivered: 0, failed: 0, lastError: null }
}
