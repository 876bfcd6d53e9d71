import { sql } from 'kysely'
import type { EventKind } from '../domain/event-kind.ts'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'

export interface DeliveryRow {
  eventId: Id
  kind: EventKind
  at: Date
  state: 'pending' | 'delivered' | 'failed'
  attempts: number
  nextAt: Date
  lastStatus: number | null
  lastError: string | null
  deliveredAt: Date | null
}

/** What became of a webhook's events, the latest first. */
export async function pageOfDeliveries(
  db: Db,
  webhookId: Id,
  page: { before?: Id; state?: DeliveryRow['state']; limit: number },
): Promise<DeliveryRow[]> {
  const { before, state } = page
  return db
    .selectFrom('webhook_delivery as d')
    .innerJoin('event as e', 'e.id', 'd.event_id')
    .select(['d.event_id as eventId', 'e.kind', 'e.at', 'd.state', 'd.attempts', 'd.next_at as nextAt'])
    .select(['d.last_status as lastStatus', 'd.last_error as lastError', 'd.delivered_at as deliveredAt'])
    .where('d.webhook_id', '=', webhookId)
    .$if(before !== undefined, (query) => query.where('d.event_id', '<', before as Id))
    .$if(state !== undefined, (query) => query.where('d.state', '=', state as DeliveryRow['state']))
    .orderBy('d.event_id', 'desc')
    .limit(page.limit)
    .execute()
}

/**
 * Sets events back to be posted, whether they were before or not: those that the webhook wants, since an instant, or
 * one of them. They are posted under the same id: a receiver that has had one knows it.
 * @returns how many.
 */
export async function replayEvents(db: Db, webhookId: Id, which: { since: Date } | { eventId: Id }): Promise<number> {
  const named = 'since' in which ? sql`event.at >= ${which.since}` : sql`event.id = ${which.eventId}`
  const { rows } = await sql<{ replayed: number }>`
    with replayed as (
      insert into webhook_delivery (webhook_id, event_id, line)
      select webhook.id, event.id, event_line(event.contact_id, event.campaign_id)
      from webhook join event on webhook_wants(webhook, event.kind, event.resource_id,
        (select access_group from resource where resource.id = event.resource_id), event.payload ->> 'through')
      where webhook.id = ${webhookId} and ${named}
      on conflict (webhook_id, event_id) do update set
        state = 'pending', attempts = 0, next_at = now(), last_status = null, last_error = null, delivered_at = null
      returning 1
    )
    select count(*)::int as replayed from replayed`.execute(db)
  return rows[0]?.replayed ?? 0
}

/** One sweep takes as many: its locks and its log stay small. */
const mostAtOnce = 10_000

/**
 * Forgets old events, with what became of them at each webhook. Those that still wait to be posted stay.
 * @returns how many; as many as one sweep takes when there may be more.
 */
export async function dropOldEvents(db: Db, olderThanDays = 30): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from event where id in (
      select id from event
      where at < now() - make_interval(days => ${olderThanDays}::int) and not exists (
        select from webhook_delivery d where d.event_id = event.id and d.state = 'pending')
      order by id limit ${mostAtOnce})`.execute(db)
  return Number(numAffectedRows ?? 0n)
}
