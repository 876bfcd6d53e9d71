import { type Kysely, sql } from 'kysely'

const statements = [
  `alter table resource
    add column description text,
    add column access_group text check (access_group <> ''),
    add column site_urls text[] not null default '{}',
    -- Sources whose contacts may subscribe; null: all.
    add column contact_sources text[] check (cardinality(contact_sources) > 0),
    add column tracking_domain text,
    add column reply_to_name text,
    add column list_unsubscribe boolean not null default true,
    add column called_url text,
    add column unsubscribe_mode text not null default 'instant'
      check (unsubscribe_mode in ('instant', 'confirm', 'delayed', 'prohibited')),
    add column unsubscribe_timer_seconds integer check (unsubscribe_timer_seconds between 1 and 1800),
    add column unsubscribe_page_url text,
    -- Why one cannot unsubscribe, in the resource's own words; for the mode prohibited.
    add column prohibited_reason text,
    add column frequency_policy jsonb check (jsonb_typeof(frequency_policy) = 'array'),
    add column raises_new_addresses boolean not null default false,
    add column colour text check (colour ~ '^#[0-9a-f]{6}$'),
    -- Named in page URLs and by other systems; confidential there, and worth nothing without an API key.
    add column token text not null unique default replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''),
    add column updated_at timestamptz not null default now(),
    -- Kept as history: its subscribers, its campaigns and their proof refer to it.
    add column deleted_at timestamptz,
    add check ((unsubscribe_mode = 'delayed') = (unsubscribe_timer_seconds is not null))`,

  `create table resource_channel (
    resource_id bigint not null references resource on delete cascade,
    channel text not null check (channel <> ''),
    settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
    created_at timestamptz not null default now(),
    primary key (resource_id, channel)
  )`,
  `insert into resource_channel (resource_id, channel) select id, 'email' from resource`,

  `alter table category
    add column purpose text,
    add column communication_method text,
    add column is_default boolean not null default false,
    add column is_internal boolean not null default false,
    add column is_required boolean not null default false,
    add column is_listed boolean not null default true,
    add column double_opt_in boolean not null default false,
    add column frequency_policy jsonb check (jsonb_typeof(frequency_policy) = 'array'),
    add column updated_at timestamptz not null default now(),
    -- Its key stays taken and its subscriptions stay as history; its segment goes.
    add column deleted_at timestamptz`,
  `create index category_resource on category (resource_id)`,
  // Null: as many active categories as one likes.
  `alter table installation add column active_categories integer check (active_categories > 0)`,

  // What a subscription on a channel carries besides its state. Values are in resource_address.fields.
  `create table custom_field (
    id bigint generated always as identity primary key,
    resource_id bigint not null references resource on delete cascade,
    channel text not null,
    key text not null check (key ~ '^[A-Za-z][A-Za-z0-9_]*$'),
    name text not null,
    type text not null check (type in ('integer', 'float', 'line', 'boolean')),
    default_value jsonb,
    is_required boolean not null default false,
    is_listed boolean not null default false,
    created_at timestamptz not null default now(),
    unique (resource_id, channel, key)
  )`,

  // Which of a contact's addresses a resource prefers, and the custom fields of the subscription there.
  `create table resource_address (
    resource_id bigint not null references resource on delete cascade,
    contact_id bigint not null,
    channel text not null,
    value text not null,
    priority smallint not null default 0,
    fields jsonb not null default '{}' check (jsonb_typeof(fields) = 'object'),
    created_at timestamptz not null default now(),
    primary key (resource_id, contact_id, channel, value),
    foreign key (contact_id, channel, value) references contact_address on delete cascade
  )`,
  `create index resource_address_contact on resource_address (contact_id, channel, value)`,
]

/** Everything that resources and categories can be set to. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
