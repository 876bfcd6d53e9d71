import { type Kysely, sql } from 'kysely'

const statements = [
  // contact_id is no foreign key: the proof stays when the person is erased. Scope: one category, one
  // resource, or (both null) everything.
  `create table consent_event (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    contact_id bigint not null,
    channel text,
    address_key bytea,
    category_id bigint,
    resource_id bigint,
    action text not null check (action in ('subscribed', 'unsubscribed', 'pending', 'opted_out', 'opted_in')),
    through text not null check (through in ('page', 'one_click', 'api', 'import', 'operator')),
    legal_basis text,
    explanation text,
    campaign_id bigint,
    wording text,
    ip inet,
    user_agent text
  )`,
  `create index consent_event_contact on consent_event (contact_id, id)`,
  `create function refuse_consent_change() returns trigger language plpgsql as $$
  begin
    raise exception 'consent_event is append-only: % refused', tg_op using errcode = 'insufficient_privilege';
  end $$`,
  `create trigger consent_event_append_only before update or delete or truncate on consent_event
    for each statement execute function refuse_consent_change()`,
]

/** The append-only history of what a contact agreed to, refused or withdrew. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
