import { Kysely } from 'kysely'
import { PostgresJSDialect } from 'kysely-postgres-js'
import postgres from 'postgres'
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
 * Opens a pool. This file is the only importer of the driver, so that another can take its place.
 * @param options.connections upper bound of open connections.
 * @param options.name what `pg_stat_activity.application_name` shows.
 */
export function connect(url: string, options: { connections?: number; name?: string } = {}): Connection {
  const sql = postgres(url, {
    max: options.connections ?? 10,
    // A connection is given back to the server after a while, so that a fail-over is noticed.
    max_lifetime: 30 * 60,
    idle_timeout: 60,
    connect_timeout: 10,
    connection: { application_name: options.name ?? 'addressee' },
    onnotice: () => {},
  })
  const db = new Kysely<Schema>({ dialect: new PostgresJSDialect({ postgres: sql }) })
  // sql.end and not db.destroy: the latter waits forever for a query whose server has gone.
  return {
    db,
    execute: async (statement) => void (await sql.unsafe(statement)),
    close: () => sql.end({ timeout: 5 }),
  }
}
