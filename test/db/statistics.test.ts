import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { refreshStatistics } from '../../db/statistics.ts'
import { createDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'

test('a table that has grown is looked at, one that has not is left alone', async () => {
  const { db } = await createDatabase()
  const analyzed = async () => {
    const { rows } = await sql<{ relname: string }>`
      select relname from pg_stat_user_tables where analyze_count > 0 order by relname`.execute(db)
    return rows.map((row) => row.relname)
  }
  await sql`insert into contact (first_name) select 'Ada' from generate_series(1, 2000)`.execute(db)
  await sql`insert into opt_out (contact_id, source) select id, 'test' from contact where id <= 10`.execute(db)
  // Postgres reports what a session changed within a second, and what analysing found after that.
  await eventually(async () => {
    await refreshStatistics(db)
    expect(await analyzed()).toEqual(['contact'])
  })
})
