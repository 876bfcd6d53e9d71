import { sql } from 'kysely'
import type { Db } from '../../db/connect.ts'

/** What every table holds, as a hash by name. The minute of a key's last use is none of it. */
export async function fingerprint(db: Db): Promise<Record<string, string>> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition order by 1`.execute(db)
  const hashes: Record<string, string> = {}
  for (const { name } of rows) {
    const table = sql.table(name)
    const { rows: hashed } = await sql<{ hash: string }>`
      select md5(coalesce(string_agg(row, '|' order by row), '')) as hash
      from (select (to_jsonb(held) - 'last_used_at')::text as row from ${table} as held) as each`.execute(db)
    hashes[name] = hashed[0]?.hash ?? ''
  }
  return hashes
}
