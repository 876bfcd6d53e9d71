import { type Kysely, sql } from 'kysely'

const statements = [
  `create table message (
    id bigint generated always as identity primary key,
    channel text not null,
    match text not null default 'any' check (match in ('any', 'all')),
    default_language text not null,
    created_at timestamptz not null default now()
  )`,
  `create table message_content (
    message_id bigint not null references message on delete cascade,
    language text not null,
    subject text not null,
    html text,
    text text not null,
    primary key (message_id, language)
  )`,
  `create table message_category (
    message_id bigint not null references message on delete cascade,
    category_id bigint not null references category,
    primary key (message_id, category_id)
  )`,

  `create table campaign (
    id bigint generated always as identity primary key,
    key text not null unique,
    title text not null,
    resource_id bigint not null references resource,
    message_id bigint not null references message,
    channel text not null,
    state text not null default 'scheduled'
      check (state in ('scheduled', 'resolving', 'sending', 'finished', 'cancelled')),
    paused_at timestamptz,
    paused_by text,
    pause_reason text,
    send_at timestamptz not null,
    on_uncertain text not null default 'hold' check (on_uncertain in ('hold', 'resend')),
    retry_delays_seconds integer[] not null default '{60,300,900,3600}',
    audience integer,
    candidates integer,
    funnel jsonb,
    created_at timestamptz not null default now(),
    frozen_at timestamptz,
    finished_at timestamptz
  )`,
  `create table campaign_segment (
    campaign_id bigint not null references campaign on delete cascade,
    segment_id bigint not null references segment,
    role text not null check (role in ('include', 'exclude')),
    primary key (campaign_id, segment_id, role)
  )`,
  `create table campaign_category (
    campaign_id bigint not null references campaign on delete cascade,
    category_id bigint not null references category,
    role text not null check (role in ('do_not_send_to', 'respect_unsubscribes_of')),
    primary key (campaign_id, category_id, role)
  )`,

  // The delivery ledger. A partition per campaign: loaded without indexes, dropped as a whole at retention.
  // contact_id is no foreign key: the ledger outlives erased contacts.
  `create table recipient (
    campaign_id bigint not null,
    seq integer not null,
    contact_id bigint not null,
    address text not null,
    address_key bytea not null,
    category_ids bigint[] not null,
    state text not null default 'queued' check (state in ('queued', 'claimed', 'sent', 'failed', 'skipped', 'unknown')),
    reason text,
    code integer,
    response text,
    attempts smallint not null default 0,
    claim_token uuid,
    claimed_at timestamptz,
    not_before timestamptz,
    settled_at timestamptz,
    server_id text,
    primary key (campaign_id, seq)
  ) partition by list (campaign_id)`,
  `create index recipient_contact on recipient (campaign_id, contact_id)`,
]

/** Messages, campaigns and the delivery ledger. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
