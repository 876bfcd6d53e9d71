import type { Generated } from 'kysely'
import type { EventKind } from '../domain/event-kind.ts'
import type { Id } from './schema.ts'

/** The part of the schema that tells other systems what has happened. */
export interface EventTables {
  event: {
    id: Generated<Id>
    at: Generated<Date>
    kind: EventKind
    contact_id: Id | null
    resource_id: Id | null
    campaign_id: Id | null
    payload: Record<string, unknown>
  }
  webhook: {
    id: Generated<Id>
    url: string
    description: string | null
    secrets: string[]
    rotated_at: Generated<Date>
    kinds: EventKind[] | null
    resource_id: Id | null
    access_group: string | null
    through: 'one_click' | null
    created_at: Generated<Date>
    disabled_at: Date | null
    disabled_reason: string | null
    held_until: Date | null
    deliverer: string | null
    delivering_at: Date | null
  }
  webhook_delivery: {
    webhook_id: Id
    event_id: Id
    line: string
    state: Generated<'pending' | 'delivered' | 'failed'>
    attempts: Generated<number>
    next_at: Generated<Date>
    last_status: number | null
    last_error: string | null
    delivered_at: Date | null
  }
}
