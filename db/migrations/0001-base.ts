import { type Kysely, sql } from 'kysely'

// One statement per entry: Postgres prepares each, and a prepared statement holds only one.
const statements = [
  // The key behind address_key lives with the data that it names: suppressions must survive a rotation of
  // ADDRESSEE_SECRET and a move to another machine. See docs/decisions.md, "Where the address key lives".
  `create table installation (
    only_row boolean primary key default true check (only_row),
    address_pepper bytea not null default decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex')
  )`,
  `insert into installation default values`,

  `create table contact (
    id bigint generated always as identity primary key,
    external_id text unique check (external_id <> ''),
    first_name text,
    last_name text,
    language text,
    time_zone text,
    attributes jsonb not null default '{}' check (jsonb_typeof(attributes) = 'object'),
    source text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz
  )`,

  `create table contact_address (
    contact_id bigint not null references contact on delete cascade,
    channel text not null,
    value text not null check (value <> ''),
    address_key bytea not null check (octet_length(address_key) = 16),
    status text not null default 'active'
      check (status in ('active', 'unconfirmed', 'bounced', 'complained', 'blacklisted', 'invalid')),
    status_reason text,
    status_at timestamptz not null default now(),
    priority smallint not null default 0,
    primary key (contact_id, channel, value)
  )`,
  // Not unique: two contacts may hold one address. Duplicates are found, not forbidden.
  `create index contact_address_key on contact_address (address_key, channel)`,

  `create table resource (
    id bigint generated always as identity primary key,
    key text not null unique,
    name text not null,
    from_name text not null,
    from_address text not null,
    reply_to text,
    list_label text not null,
    list_id text not null check (length(list_id) <= 255),
    dkim_domain text,
    dkim_selector text,
    dkim_private_key text,
    created_at timestamptz not null default now(),
    check (num_nonnulls(dkim_domain, dkim_selector, dkim_private_key) in (0, 3))
  )`,

  `create table category (
    id bigint generated always as identity primary key,
    key text not null unique,
    resource_id bigint not null references resource,
    title text not null,
    description text,
    channels text[],
    consent text not null default 'opt_in' check (consent in ('opt_in', 'opt_out')),
    archived_at timestamptz,
    created_at timestamptz not null default now()
  )`,

  `create table segment (
    id bigint generated always as identity primary key,
    key text not null unique,
    title text not null,
    kind text not null check (kind in ('static', 'category')),
    category_id bigint unique references category on delete cascade,
    created_at timestamptz not null default now(),
    check ((kind = 'category') = (category_id is not null))
  )`,
  `create table segment_member (
    segment_id bigint not null references segment on delete cascade,
    contact_id bigint not null references contact on delete cascade,
    primary key (segment_id, contact_id)
  )`,
  `create index segment_member_contact on segment_member (contact_id)`,

  // The audience reads subscriptions category by category: hence the order of the key.
  `create table subscription (
    category_id bigint not null references category on delete cascade,
    contact_id bigint not null references contact on delete cascade,
    status text not null check (status in ('subscribed', 'unsubscribed', 'pending')),
    legal_basis text,
    explanation text,
    source text not null,
    changed_at timestamptz not null default now(),
    primary key (category_id, contact_id)
  )`,
  `create index subscription_contact on subscription (contact_id)`,

  `create table opt_out (
    contact_id bigint not null references contact on delete cascade,
    resource_id bigint references resource,
    channel text,
    source text not null,
    created_at timestamptz not null default now(),
    unique nulls not distinct (contact_id, resource_id, channel)
  )`,

  // A delayed unsubscribe that is running: nothing is sent meanwhile. The scope is one category, or, when
  // that is null, everything of the resource.
  `create table pending_unsubscribe (
    id bigint generated always as identity primary key,
    contact_id bigint not null references contact on delete cascade,
    resource_id bigint not null references resource,
    category_id bigint references category on delete cascade,
    state text not null default 'pending' check (state in ('pending', 'confirmed', 'cancelled')),
    due_at timestamptz not null,
    created_at timestamptz not null default now()
  )`,
  `create unique index pending_unsubscribe_open on pending_unsubscribe (contact_id, resource_id, category_id)
    nulls not distinct where state = 'pending'`,

  // Keyed by the address, not the contact: suppressions and refusals outlive contacts.
  `create table suppression (
    address_key bytea not null check (octet_length(address_key) = 16),
    channel text not null,
    kind text not null check (kind in ('bounced', 'complained', 'blacklisted', 'invalid')),
    reason text,
    created_at timestamptz not null default now(),
    primary key (address_key, channel)
  )`,
  // What a person refused through an address: a contact that gains the address later inherits it.
  // Scope: one category, one resource, or (both null) everything.
  `create table address_refusal (
    address_key bytea not null check (octet_length(address_key) = 16),
    channel text not null,
    category_id bigint references category on delete cascade,
    resource_id bigint references resource,
    created_at timestamptz not null default now(),
    unique nulls not distinct (address_key, channel, category_id, resource_id),
    check (num_nonnulls(category_id, resource_id) <= 1)
  )`,
]

/** Contacts, where they are reached, what they subscribe to and what they refused. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
