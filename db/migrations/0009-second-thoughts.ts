import { type Kysely, sql } from 'kysely'

const statements = [
  `alter table pending_unsubscribe
    add column campaign_id bigint references campaign on delete cascade,
    -- Set for the other contacts that have the address: they are settled with the one whose click it was.
    add column lead_id bigint references pending_unsubscribe on delete cascade,
    add column wording text,
    add column ip inet,
    add column user_agent text,
    add column settled_at timestamptz,
    add column settled_through text`,
  `create index pending_unsubscribe_due on pending_unsubscribe (due_at) where state = 'pending' and lead_id is null`,
  `create index pending_unsubscribe_lead on pending_unsubscribe (lead_id) where lead_id is not null`,
  `create index pending_unsubscribe_contact on pending_unsubscribe (contact_id, campaign_id)`,

  // Double opt-in: asked for, confirmed by the person on the page or not at all.
  `create table opt_in_request (
    id bigint generated always as identity primary key,
    contact_id bigint not null references contact on delete cascade,
    category_id bigint not null references category on delete cascade,
    channel text not null,
    address_key bytea not null check (octet_length(address_key) = 16),
    state text not null default 'pending' check (state in ('pending', 'confirmed', 'expired', 'withdrawn')),
    through text not null,
    actor text,
    legal_basis text,
    explanation text,
    requested_at timestamptz not null default now(),
    mailed_at timestamptz,
    remind_at timestamptz,
    reminded_at timestamptz,
    expires_at timestamptz not null,
    settled_at timestamptz
  )`,
  `create unique index opt_in_request_open on opt_in_request (contact_id, category_id) where state = 'pending'`,
  `create index opt_in_request_due on opt_in_request (expires_at) where state = 'pending'`,
]

/** What waits for a person to make up their mind: delayed unsubscribes and double opt-ins. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
