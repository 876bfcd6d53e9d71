import { Refusal, Unavailable } from '../domain/refusal.ts'
import { type Connection, connect } from './connect.ts'
import { requireCurrentSchema } from './migrate.ts'

/**
 * Opens the database for a process that works on it, and makes sure that it is there and of this code's version.
 * @throws Unavailable when Postgres does not answer or does not let us in.
 * @throws Refusal when the schema is older or newer than this code.
 */
export async function openDatabase(url: string, options: { name: string; connections?: number }): Promise<Connection> {
  const connection = connect(url, options)
  try {
    await reached(requireCurrentSchema(connection.db))
    return connection
  } catch (error) {
    await connection.close()
    throw error
  }
}

/** Turns whatever the driver says about an unreachable server into one sentence. */
export async function reached<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Refusal) throw error
    const why = error instanceof Error ? error.message || String(Reflect.get(error, 'code')) : String(error)
    const remedy = 'Check DATABASE_URL, and that the server runs and lets us in.'
    throw new Unavailable(`PostgreSQL does not answer: ${why}`, remedy, error)
  }
}
