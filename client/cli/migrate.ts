import type { Command } from 'commander'
import { notice, type ReadOptions, show } from './output.ts'
import { databaseUrl } from './session.ts'

export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .summary('bring the database up to this version')
    .description('Applies the migrations that DATABASE_URL lacks and prints their names. Any number may run at once.')
    .option('--json', 'print them as JSON')
    .action(migrateDatabase)
}

async function migrateDatabase(options: ReadOptions): Promise<void> {
  const url = databaseUrl()
  const { connect } = await import('../../db/connect.ts')
  const { migrate } = await import('../../db/migrate.ts')
  const { reached } = await import('../../db/open.ts')
  const connection = connect(url, { name: 'addressee migrate', connections: 1 })
  try {
    const applied = await reached(migrate(connection.db))
    if (applied.length === 0) notice('The database is up to date.')
    if (applied.length > 0 || options.json) show(applied, options, (names) => names.join('\n'))
  } finally {
    await connection.close()
  }
}
