import type { DatabaseConnection } from 'kysely'
import { PostgresJSDialect, PostgresJSDriver } from 'kysely-postgres-js'
import type { Pool } from './pool.ts'

/** Kysely's way to Postgres, over our pool. */
export class PoolDialect extends PostgresJSDialect {
  readonly #pool: Pool

  constructor(pool: Pool) {
    super({ postgres: () => pool })
    this.#pool = pool
  }

  override createDriver(): PoolDriver {
    return new PoolDriver({ postgres: () => this.#pool })
  }
}

class PoolDriver extends PostgresJSDriver {
  /** Where it fails the connection is lost, and the server has rolled back: what is worth hearing is what came before. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await super
      .rollbackTransaction(connection as Parameters<PostgresJSDriver['rollbackTransaction']>[0])
      .catch(() => {})
  }
}
