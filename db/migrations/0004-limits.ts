import { type Kysely, sql } from 'kysely'

const statements = [
  // Settings and the bucket's state in one row: a take reads and writes both under one lock. next_at is when the next
  // message may go, null before the first; used is what was taken on the day beside it.
  // The row is written many times a second. With half of each page free its new version stays in the page (HOT), and
  // the old ones are cleared away by the next write instead of a vacuum.
  `create table sending_limit (
    scope text not null check (scope in ('provider', 'resource', 'domain', 'campaign')),
    key text not null check (key <> ''),
    per_second double precision check (per_second between 0.00001 and 100000),
    per_day integer[] check (cardinality(per_day) between 1 and 366 and 0 < all (per_day)),
    starts_on date,
    changed_by text not null,
    changed_at timestamptz not null default now(),
    next_at timestamptz,
    day date,
    used integer not null default 0,
    primary key (scope, key),
    check (num_nonnulls(per_second, per_day) > 0),
    check ((per_day is null) = (starts_on is null))
  ) with (fillfactor = 50)`,
]

/** How fast messages may leave, and how many a day. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
