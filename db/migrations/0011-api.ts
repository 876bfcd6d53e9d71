import { type Kysely, sql } from 'kysely'

const statements = [
  `create table api_key (
    id bigint generated always as identity primary key,
    name text not null check (name <> ''),
    -- SHA-256 of the key. A key holds 256 random bits: nobody guesses one, however fast the hash is.
    hash bytea not null unique check (octet_length(hash) = 32),
    scopes text[] not null check (
      cardinality(scopes) > 0 and scopes <@ array['read', 'subscriptions:write', 'campaigns:write', 'admin']),
    -- Null: every resource.
    access_group text check (access_group <> ''),
    requests_per_second integer not null check (requests_per_second > 0),
    created_by text not null,
    created_at timestamptz not null default now(),
    last_used_at timestamptz,
    revoked_at timestamptz
  )`,
  // Consent events name the key: of two with one name, nobody could say which it was.
  `create unique index api_key_name on api_key (name) where revoked_at is null`,

  // What a POST with an Idempotency-Key was answered; status null while it is being carried out.
  `create table api_answer (
    api_key_id bigint not null references api_key on delete cascade,
    idempotency_key text not null,
    request_hash bytea not null check (octet_length(request_hash) = 32),
    status smallint,
    body text,
    created_at timestamptz not null default now(),
    primary key (api_key_id, idempotency_key)
  )`,
  `create index api_answer_age on api_answer (created_at)`,
]

/** Who may use the HTTP APIs, and what they were answered. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
