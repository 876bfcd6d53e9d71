import { type Kysely, sql } from 'kysely'

// Each event carries the hash of the one before for its contact: none can be changed, taken out or slipped in without
// the hashes after it telling.
const statements = [
  `alter table consent_event
    add column actor text,
    add column number integer,
    add column previous bytea,
    add column hash bytea,
    drop constraint consent_event_action_check,
    -- erased: the contact is gone, and with it every subscription; what it refused stays with its addresses.
    add constraint consent_event_action_check
      check (action in ('subscribed', 'unsubscribed', 'pending', 'opted_out', 'opted_in', 'erased')),
    drop constraint consent_event_through_check,
    add constraint consent_event_through_check
      check (through in ('page', 'one_click', 'sdk', 'api', 'import', 'operator', 'timer'))`,

  // The end of each contact's chain. Its row is the lock that puts events of one contact in line.
  `create table consent_head (
    contact_id bigint primary key,
    events integer not null,
    previous bytea not null,
    hash bytea not null
  ) with (fillfactor = 70)`,

  // What is hashed: the hash before, and the JSON array of the fields as text. Whoever verifies an export writes the
  // same (domain/consent-chain.ts).
  `create function consent_event_hash(previous bytea, number integer, event consent_event) returns bytea
    language sql stable as $$
    select sha256(previous || convert_to(jsonb_build_array(
      event.contact_id::text, number::text, to_char(event.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      event.action, event.through, event.actor, event.channel, encode(event.address_key, 'hex'),
      event.category_id::text, event.resource_id::text, event.legal_basis, event.explanation, event.campaign_id::text,
      event.wording, host(event.ip), event.user_agent)::text, 'UTF8'))
  $$`,
  `create function chain_consent_event() returns trigger language plpgsql as $$
  begin
    insert into consent_head as head (contact_id, events, previous, hash)
    values (new.contact_id, 1, '', consent_event_hash('', 1, new))
    on conflict (contact_id) do update set
      events = head.events + 1, previous = head.hash, hash = consent_event_hash(head.hash, head.events + 1, new)
    returning events, previous, hash into new.number, new.previous, new.hash;
    return new;
  end $$`,

  `alter table consent_event disable trigger consent_event_append_only`,
  `do $$
  declare event consent_event;
  begin
    for event in select * from consent_event order by id loop
      insert into consent_head as head (contact_id, events, previous, hash)
      values (event.contact_id, 1, '', consent_event_hash('', 1, event))
      on conflict (contact_id) do update set
        events = head.events + 1, previous = head.hash, hash = consent_event_hash(head.hash, head.events + 1, event);
      update consent_event set number = head.events, previous = head.previous, hash = head.hash
      from consent_head as head where consent_event.id = event.id and head.contact_id = event.contact_id;
    end loop;
  end $$`,
  `alter table consent_event enable trigger consent_event_append_only`,
  `alter table consent_event
    alter column number set not null, alter column previous set not null, alter column hash set not null`,
  `create trigger consent_event_chain before insert on consent_event
    for each row execute function chain_consent_event()`,

  // Precedence (SPEC: the audience rule, 4): an opt-out from everything, then from the resource, then what was said
  // about the category, then what silence means there. One row, none for an unknown category.
  `create function consent_of(contact bigint, of_category bigint, on_channel text)
    returns table (status text, source text, legal_basis text, explanation text, changed_at timestamptz)
    language sql stable rows 1 as $$
    select
      case when refusal.resource_id is not null or refusal.everything then 'unsubscribed'
        else coalesce(said.status, case category.consent when 'opt_out' then 'subscribed' else 'not_subscribed' end) end,
      case when refusal.everything then 'everything' when refusal.resource_id is not null then 'resource' else 'category' end,
      case when refusal.created_at is null then said.legal_basis end,
      case when refusal.created_at is null then said.explanation end,
      coalesce(refusal.created_at, said.changed_at)
    from category
    left join lateral (
      select opt_out.resource_id, opt_out.resource_id is null as everything, opt_out.created_at from opt_out
      where opt_out.contact_id = contact
        and (opt_out.resource_id is null or opt_out.resource_id = category.resource_id)
        and (opt_out.channel is null or opt_out.channel = on_channel)
      order by opt_out.resource_id nulls first, opt_out.created_at limit 1
    ) as refusal on true
    left join subscription as said on said.category_id = category.id and said.contact_id = contact
    where category.id = of_category
  $$`,
]

/** The proof of consent as a chain, and what a contact's consent to a category comes to. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
