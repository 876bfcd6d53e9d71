import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { Funnel, Match, SkipReason, SuppressionKind } from '../domain/audience-rule.ts'
import type { CampaignState, OnUncertain } from '../domain/campaign-state.ts'
import type { CustomFieldType } from '../domain/custom-field.ts'
import type { FailureReason, Fate } from '../domain/fate.ts'
import type { FrequencyRule } from '../domain/frequency-policy.ts'
import type { LimitScope } from '../domain/limit.ts'
import type { UnsubscribeMode } from '../domain/resource-settings.ts'
import type { ApiTables } from './api-tables.ts'
import type { EventTables } from './event-tables.ts'

/** A bigint: the driver gives strings, so that no id is ever rounded. */
export type Id = string
type GeneratedId = Generated<Id>
type Now = Generated<Date>
/** Written by the trigger that chains the events of a contact. */
type Chained<T> = ColumnType<T, never, never>
/** The driver would take a list for an array of Postgres's: write it with `JSON.stringify`. */
type JsonList<T> = JSONColumnType<T[]>
type JsonValue = ColumnType<string | number | boolean, string, string>

export type SubscriptionStatus = 'subscribed' | 'unsubscribed' | 'pending'
export type AddressStatus = 'active' | 'unconfirmed' | 'bounced' | 'complained' | 'blacklisted' | 'invalid'
export type ConsentAction = 'subscribed' | 'unsubscribed' | 'pending' | 'opted_out' | 'opted_in' | 'erased'
export type Through = 'page' | 'one_click' | 'sdk' | 'api' | 'import' | 'operator' | 'timer'

export interface Schema extends EventTables, ApiTables {
  installation: {
    only_row: Generated<boolean>
    address_pepper: Generated<Buffer>
    /** How many categories may be active; any number where none is set. */
    active_categories: number | null
  }
  contact: {
    id: GeneratedId
    external_id: string | null
    first_name: string | null
    last_name: string | null
    language: string | null
    time_zone: string | null
    attributes: Generated<Record<string, unknown>>
    source: string | null
    created_at: Now
    updated_at: Now
    deleted_at: Date | null
  }
  contact_address: {
    contact_id: Id
    channel: string
    value: string
    address_key: Buffer
    status: Generated<AddressStatus>
    status_reason: string | null
    status_at: Now
    priority: Generated<number>
  }
  resource: {
    id: GeneratedId
    key: string
    name: string
    from_name: string
    from_address: string
    reply_to: string | null
    list_label: string
    list_id: string
    dkim_domain: string | null
    dkim_selector: string | null
    dkim_private_key: string | null
    created_at: Now
    description: string | null
    access_group: string | null
    site_urls: Generated<string[]>
    contact_sources: string[] | null
    tracking_domain: string | null
    reply_to_name: string | null
    list_unsubscribe: Generated<boolean>
    called_url: string | null
    unsubscribe_mode: Generated<UnsubscribeMode>
    unsubscribe_timer_seconds: number | null
    unsubscribe_page_url: string | null
    prohibited_reason: string | null
    frequency_policy: JsonList<FrequencyRule> | null
    raises_new_addresses: Generated<boolean>
    colour: string | null
    token: Generated<string>
    updated_at: Now
    deleted_at: Date | null
  }
  resource_channel: {
    resource_id: Id
    channel: string
    settings: Generated<Record<string, unknown>>
    created_at: Now
  }
  category: {
    id: GeneratedId
    key: string
    resource_id: Id
    title: string
    description: string | null
    channels: string[] | null
    consent: Generated<'opt_in' | 'opt_out'>
    archived_at: Date | null
    created_at: Now
    purpose: string | null
    communication_method: string | null
    is_default: Generated<boolean>
    is_internal: Generated<boolean>
    is_required: Generated<boolean>
    is_listed: Generated<boolean>
    double_opt_in: Generated<boolean>
    frequency_policy: JsonList<FrequencyRule> | null
    updated_at: Now
    deleted_at: Date | null
  }
  custom_field: {
    id: GeneratedId
    resource_id: Id
    channel: string
    key: string
    name: string
    type: CustomFieldType
    default_value: JsonValue | null
    is_required: Generated<boolean>
    is_listed: Generated<boolean>
    created_at: Now
  }
  resource_address: {
    resource_id: Id
    contact_id: Id
    channel: string
    value: string
    priority: Generated<number>
    fields: Generated<Record<string, unknown>>
    created_at: Now
  }
  segment: {
    id: GeneratedId
    key: string
    title: string
    kind: 'static' | 'category'
    category_id: Id | null
    created_at: Now
  }
  segment_member: { segment_id: Id; contact_id: Id }
  subscription: {
    category_id: Id
    contact_id: Id
    status: SubscriptionStatus
    legal_basis: string | null
    explanation: string | null
    source: string
    changed_at: Now
  }
  opt_out: { contact_id: Id; resource_id: Id | null; channel: string | null; source: string; created_at: Now }
  pending_unsubscribe: {
    id: GeneratedId
    contact_id: Id
    resource_id: Id
    category_id: Id | null
    state: Generated<'pending' | 'confirmed' | 'cancelled'>
    due_at: Date
    created_at: Now
    campaign_id: Id | null
    lead_id: Id | null
    wording: string | null
    ip: string | null
    user_agent: string | null
    settled_at: Date | null
    settled_through: Through | null
  }
  opt_in_request: {
    id: GeneratedId
    contact_id: Id
    category_id: Id
    channel: string
    address_key: Buffer
    state: Generated<'pending' | 'confirmed' | 'expired' | 'withdrawn'>
    through: Through
    actor: string | null
    legal_basis: string | null
    explanation: string | null
    requested_at: Now
    mailed_at: Date | null
    remind_at: Date | null
    reminded_at: Date | null
    expires_at: Date
    settled_at: Date | null
  }
  suppression: { address_key: Buffer; channel: string; kind: SuppressionKind; reason: string | null; created_at: Now }
  address_refusal: {
    address_key: Buffer
    channel: string
    category_id: Id | null
    resource_id: Id | null
    created_at: Now
  }
  consent_event: {
    id: GeneratedId
    at: Now
    contact_id: Id
    channel: string | null
    address_key: Buffer | null
    category_id: Id | null
    resource_id: Id | null
    action: ConsentAction
    through: Through
    legal_basis: string | null
    explanation: string | null
    campaign_id: Id | null
    wording: string | null
    ip: string | null
    user_agent: string | null
    actor: string | null
    number: Chained<number>
    previous: Chained<Buffer>
    hash: Chained<Buffer>
  }
  consent_head: { contact_id: Id; events: number; previous: Buffer; hash: Buffer }
  message: { id: GeneratedId; channel: string; match: Generated<Match>; default_language: string; created_at: Now }
  message_content: { message_id: Id; language: string; subject: string; html: string | null; text: string }
  message_category: { message_id: Id; category_id: Id }
  campaign: {
    id: GeneratedId
    key: string
    title: string
    resource_id: Id
    message_id: Id
    channel: string
    state: Generated<CampaignState>
    paused_at: Date | null
    paused_by: string | null
    pause_reason: string | null
    send_at: Date
    on_uncertain: Generated<OnUncertain>
    retry_delays_seconds: Generated<number[]>
    audience: number | null
    candidates: number | null
    funnel: Funnel | null
    created_at: Now
    frozen_at: Date | null
    finished_at: Date | null
  }
  campaign_segment: { campaign_id: Id; segment_id: Id; role: 'include' | 'exclude' }
  campaign_category: { campaign_id: Id; category_id: Id; role: 'do_not_send_to' | 'respect_unsubscribes_of' }
  recipient: {
    campaign_id: Id
    seq: number
    contact_id: Id
    address: string
    address_key: Buffer
    category_ids: Id[]
    state: Generated<Fate>
    reason: SkipReason | FailureReason | null
    code: number | null
    response: string | null
    attempts: Generated<number>
    claim_token: string | null
    claimed_at: Date | null
    not_before: Date | null
    settled_at: Date | null
    server_id: string | null
  }
  tally: {
    campaign_id: Id
    part: number
    queued: Generated<number>
    claimed: Generated<number>
    sent: Generated<number>
    failed: Generated<number>
    skipped: Generated<number>
    unknown: Generated<number>
  }
  sending_limit: {
    scope: LimitScope
    key: string
    per_second: number | null
    per_day: number[] | null
    starts_on: Date | null
    changed_by: string
    changed_at: Now
    next_at: Date | null
    day: Date | null
    used: Generated<number>
  }
}
