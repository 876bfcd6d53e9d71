import { sql } from 'kysely'
import type { Db } from './connect.ts'

/** What time it is for everybody: the database's clock. A client's may be wrong. In a transaction, when it began. */
export async function databaseNow(db: Db): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select now()`.execute(db)
  if (rows[0] === undefined) throw new Error('a clock answers with one row')
  return rows[0].now
}
