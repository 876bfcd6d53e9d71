import type { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { Refusal } from '../domain/refusal.ts'
import type { Db } from './connect.ts'
import { migrations } from './migrations/list.ts'

const migrator = (db: Db) => new Migrator({ db, provider: { getMigrations: async () => migrations } })

/**
 * Brings the schema up to this version of the code. Any number of processes may call it at once: an advisory
 * lock lets one work while the others wait.
 * @returns names of the migrations applied now; empty when there was nothing to do.
 */
export async function migrate(db: Db): Promise<string[]> {
  await refuseNewerSchema(db)
  const { error, results = [] } = await migrator(db).migrateToLatest()
  if (error !== undefined) throw error
  return results.filter((result) => result.status === 'Success').map((result) => result.migrationName)
}

/** Refuses to work on a schema that is not exactly this code's. */
export async function requireCurrentSchema(db: Db): Promise<void> {
  await refuseNewerSchema(db)
  await requireMigrations(db)
}

/** Refuses a schema that lacks something. A newer one is no reason for a process that runs already to stop. */
export async function requireMigrations(db: Db): Promise<void> {
  const applied = await appliedMigrations(db)
  const missing = Object.keys(migrations).filter((name) => !applied.includes(name))
  if (missing.length > 0)
    throw new Refusal({
      field: 'DATABASE_URL',
      rule: `the database lacks the migrations ${missing.join(', ')}`,
      remedy: 'Run `addressee migrate`, then start again.',
    })
}

async function refuseNewerSchema(db: Db): Promise<void> {
  const unknown = (await appliedMigrations(db)).filter((name) => !(name in migrations))
  if (unknown.length > 0)
    throw new Refusal({
      field: 'DATABASE_URL',
      rule: `the database was migrated by a newer version of addressee (${unknown.join(', ')})`,
      remedy: 'Run that version or a later one; this one would not understand the data.',
    })
}

async function appliedMigrations(db: Db): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some((table) => table.name === 'kysely_migration')) return []
  const rows = await (db as unknown as Kysely<{ kysely_migration: { name: string } }>)
    .selectFrom('kysely_migration')
    .select('name')
    .execute()
  return rows.map((row) => row.name)
}
