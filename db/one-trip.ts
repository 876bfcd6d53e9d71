import { CompiledQuery, type RawBuilder } from 'kysely'
import type { Db } from './connect.ts'

const begin = CompiledQuery.raw('begin')
const commit = CompiledQuery.raw('commit')

/**
 * Carries out two statements as one transaction in one round trip: each is sent without waiting for the answer to the
 * one before, `begin` and `commit` with them. The second sees whatever was committed when the first was done. When one
 * fails, PostgreSQL takes the commit for a rollback.
 *
 * The driver repeats a statement whose plan the server has forgotten, and by then the transaction is over: the second
 * must fail outside of it.
 * @returns the rows of the second.
 */
export function inOneTrip<Row>(db: Db, first: RawBuilder<unknown>, second: RawBuilder<Row>): Promise<Row[]> {
  if (db.isTransaction) throw new Error('this is a transaction of its own')
  const statements = [first.compile(db), second.compile(db)] as const
  return db.getExecutor().provideConnection(async (connection) => {
    const [begun, one, two, committed] = await Promise.allSettled([
      connection.executeQuery(begin),
      connection.executeQuery(statements[0]),
      connection.executeQuery<Row>(statements[1]),
      connection.executeQuery(commit),
    ])
    for (const each of [begun, one, committed]) if (each.status === 'rejected') throw each.reason
    if (two.status === 'rejected') throw two.reason
    return two.value.rows
  })
}
