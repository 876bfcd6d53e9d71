import { type Kysely, sql } from 'kysely'

const statements = [
  // The recipients of a campaign by fate, as the sum over its parts (db/tally.ts). A part may be negative.
  // Updated with every claim and settlement: room in the page keeps the new version there, beside its index.
  `create table tally (
    campaign_id bigint not null,
    part integer not null,
    queued integer not null default 0,
    claimed integer not null default 0,
    sent integer not null default 0,
    failed integer not null default 0,
    skipped integer not null default 0,
    unknown integer not null default 0,
    primary key (campaign_id, part)
  ) with (fillfactor = 20)`,
  `insert into tally (campaign_id, part, queued, claimed, sent, failed, skipped, unknown)
    select campaign_id, 0,
      count(*) filter (where state = 'queued'), count(*) filter (where state = 'claimed'),
      count(*) filter (where state = 'sent'), count(*) filter (where state = 'failed'),
      count(*) filter (where state = 'skipped'), count(*) filter (where state = 'unknown')
    from recipient group by campaign_id`,
  `update recipient set reason = 'cancelled' where state = 'skipped' and reason = 'campaign_cancelled'`,
]

/** How many recipients of a campaign stand in each fate, without counting them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
