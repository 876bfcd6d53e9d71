import { Kysely } from 'kysely'
import { PoolDialect } from './dialect.ts'
import { Pool } from './pool.ts'
import type { Schema } from './schema.ts'

/** A handle for queries: the pool, or the transaction that shadows it. */
export type Db = Kysely<Schema>

export interface Connection {
  db: Db
  /** Runs one statement that is no query of the schema: `create database` and the like. */
  execute: (statement: string) => Promise<void>
  /** Waits up to five seconds for running queries, then closes every connection. */
  close: () => Promise<void>
}

/**
 * Opens a pool. This file and those that it imports alone know the driver, so that another can take its place.
 * @param options.connections upper bound of open connections.
 * @param options.name what `pg_stat_activity.application_name` shows.
 */
export function connect(url: string, options: { connections?: number; name?: string } = {}): Connection {
  const pool = new Pool(url, { connections: options.connections ?? 10, name: options.name ?? 'addressee' })
  const db = new Kysely<Schema>({ dialect: new PoolDialect(pool) })
  // pool.end and not db.destroy: the latter waits forever for a query whose server has gone.
  return {
    db,
    execute: async (statement) => {
      const connection = await pool.reserve()
      await connection.unsafe(statement).finally(() => connection.release())
    },
    close: () => pool.end({ timeout: 5 }),
  }
}
