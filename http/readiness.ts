import type { Db } from '../db/connect.ts'
import { requireMigrations } from '../db/migrate.ts'
import { reached } from '../db/open.ts'
import { Refusal, Unavailable } from '../domain/refusal.ts'

/** Each check is `ok`, or a sentence that says what is wrong. */
export interface Readiness {
  ready: boolean
  checks: { database: string; schema: string }
}

// A balancer asks every few seconds and gives up after about as long.
const longestWaitMs = 2_000

/**
 * Whether recipients can be served: the database answers and its schema lacks nothing. A newer schema is ready too:
 * it comes first in a deployment, while old processes still answer. Temporal is not asked: unsubscribing must work
 * without it.
 */
export const createReadiness =
  (db: Db, waitMs = longestWaitMs) =>
  async (): Promise<Readiness> => {
    try {
      await within(waitMs, reached(requireMigrations(db)))
      return { ready: true, checks: { database: 'ok', schema: 'ok' } }
    } catch (error) {
      const { message } = error as Error
      const checks =
        error instanceof Refusal ? { database: 'ok', schema: message } : { database: message, schema: 'not known' }
      return { ready: false, checks }
    }
  }

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const what = `PostgreSQL does not answer within ${ms} ms`
    timer = setTimeout(() => reject(new Unavailable(what, 'See whether it is overloaded, locked or gone.')), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
