import { sql } from 'kysely'
import type { Db } from './connect.ts'

/** The tables that an audience is judged by. */
const tables = ['contact', 'contact_address', 'subscription', 'segment_member', 'opt_out', 'suppression']

/**
 * Lets Postgres look at tables that have changed much since it last did. Autovacuum does so within a minute or two;
 * a campaign that follows an import at once would be planned for tables that are nearly empty, and freezing the
 * audience would take hundreds of times as long. Costs a sample of each such table, nothing where there is none.
 */
export async function refreshStatistics(db: Db): Promise<void> {
  const { rows } = await sql<{ relname: string }>`
    select relname from pg_stat_user_tables
    where schemaname = current_schema() and relname = any(${tables}::text[])
      and n_mod_since_analyze > greatest(1000, n_live_tup / 5)`.execute(db)
  for (const { relname } of rows) await sql`analyze ${sql.table(relname)}`.execute(db)
}
