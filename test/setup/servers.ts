import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import type { TestProject } from 'vitest/node'
import { connect } from '../../db/connect.ts'
import { migrate } from '../../db/migrate.ts'
import { freePort } from '../../dev/free-port.ts'
import { startPostgres } from '../../dev/postgres.ts'
import { findTemporal } from '../../dev/temporal-binary.ts'
import { bundleWorkflows } from '../../worker/bundle-workflows.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string
    temporalAddress: string
    workflowBundlePath: string
  }
}

/** Name of the migrated database that every test file clones. */
export const templateDatabase = 'addressee_template'

type Release = () => Promise<unknown>

/** One PostgreSQL and one Temporal server for the whole run, and the workflows bundled once. */
export const setup = (project: TestProject): Promise<Release> => startServers(project, [])

/** @param temporalArgs further arguments of `temporal server start-dev`. */
export async function startServers(project: TestProject, temporalArgs: string[]): Promise<Release> {
  const releases: Release[] = []
  const folder = await mkdtemp(join(tmpdir(), 'addressee-test-'))
  // PostgreSQL runs as another user when the tests run as root.
  await chmod(folder, 0o711)
  releases.push(() => rm(folder, { recursive: true, force: true }))
  project.provide('postgresUrl', await startDatabase(folder, releases))
  project.provide('temporalAddress', await startTemporal(temporalArgs, releases))
  project.provide('workflowBundlePath', await bundle(folder))
  return async () => {
    for (const release of releases.toReversed()) await release()
  }
}

async function startDatabase(folder: string, releases: Release[]): Promise<string> {
  const postgres = await startPostgres({
    dataDir: join(folder, 'postgres'),
    port: await freePort(),
    // A test's data need not survive a crash of the machine.
    flags: ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=200'],
  })
  releases.push(postgres.stop)
  await createTemplate(postgres.urlOf)
  return postgres.urlOf('postgres')
}

export async function createTemplate(urlOf: (database: string) => string): Promise<void> {
  const admin = connect(urlOf('postgres'))
  await admin.execute(`create database ${templateDatabase}`)
  await admin.close()
  const template = connect(urlOf(templateDatabase))
  await migrate(template.db)
  await template.close()
}

async function startTemporal(extraArgs: string[], releases: Release[]): Promise<string> {
  Runtime.install({ logger: new DefaultLogger('WARN') })
  const path = await findTemporal({ say: (line) => process.stderr.write(`${line}\n`) })
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path }, extraArgs },
  })
  releases.push(() => environment.teardown())
  return environment.address
}

async function bundle(folder: string): Promise<string> {
  const { code } = await bundleWorkflows()
  const path = join(folder, 'workflows.js')
  await writeFile(path, code)
  return path
}
