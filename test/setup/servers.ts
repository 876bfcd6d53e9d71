import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { connect } from '../../db/connect.ts'
import { migrate } from '../../db/migrate.ts'
import { freePort } from '../../dev/free-port.ts'
import { startPostgres } from '../../dev/postgres.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string
  }
}

/** Name of the migrated database that every test file clones. */
export const templateDatabase = 'addressee_template'

/** One PostgreSQL for the whole run, with one migrated template database in it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'addressee-test-'))
  await chmod(folder, 0o711)
  const postgres = await startPostgres({
    dataDir: join(folder, 'postgres'),
    port: await freePort(),
    // A test's data need not survive a crash of the machine.
    flags: ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=200'],
  })
  await createTemplate(postgres.urlOf)
  project.provide('postgresUrl', postgres.urlOf('postgres'))
  return async () => {
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function createTemplate(urlOf: (database: string) => string): Promise<void> {
  const admin = connect(urlOf('postgres'))
  await admin.execute(`create database ${templateDatabase}`)
  await admin.close()
  const template = connect(urlOf(templateDatabase))
  await migrate(template.db)
  await template.close()
}
