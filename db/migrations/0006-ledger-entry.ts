import { type Kysely, sql } from 'kysely'

const statements = [
  // What the ledger tells of a message, for the statements behind unsubscribe links. A function, because PostgreSQL
  // plans its query apart: with more than a few partitions a look-up in the ledger is planned anew at each call, and a
  // large statement that held it would be planned anew with it.
  `create function ledger_entry(campaign bigint, contact bigint)
    returns table (address text, address_key bytea, category_ids bigint[]) language plpgsql stable rows 1 as $$
  begin
    return query select r.address, r.address_key, r.category_ids from recipient as r
      where r.campaign_id = campaign and r.contact_id = contact order by r.seq limit 1;
  end $$`,
]

/** Look-ups in the ledger, planned apart from the statements that need them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
