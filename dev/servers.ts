import { join } from 'node:path'
import { connect } from '../db/connect.ts'
import { scriptPath } from '../worker/script-path.ts'
import { freePort } from './free-port.ts'
import { startPostgres } from './postgres.ts'
import { startProcess, untilReady } from './processes.ts'
import { findTemporal } from './temporal-binary.ts'
import { startTemporalServer } from './temporal-server.ts'

// One function a server: what the environment names is used as it is, otherwise ours is started.

export interface Server {
  env: NodeJS.ProcessEnv
  url: string
  /** Its web page, when we started it. */
  page: string | null
  unexpectedEnd: Promise<Error>
}

export interface StartingServers {
  dataDir: string
  env: NodeJS.ProcessEnv
  say: (line: string) => void
  signal: AbortSignal
  /** Called with the release as soon as there is something to release. */
  release: (stop: () => Promise<void>) => void
}

const named = (url: string, env: NodeJS.ProcessEnv): Server => ({
  env,
  url,
  page: null,
  unexpectedEnd: new Promise(() => {}),
})

export async function startDatabase({ dataDir, env, say, release }: StartingServers): Promise<Server> {
  if (env['DATABASE_URL']) return named(env['DATABASE_URL'], {})
  const port = await freePort(54_329)
  const postgres = await startPostgres({ dataDir: join(dataDir, 'postgres'), port, say })
  release(postgres.stop)
  await createDatabase(postgres.urlOf('postgres'))
  const url = postgres.urlOf('addressee')
  say(`PostgreSQL     ${url}`)
  return { env: { DATABASE_URL: url }, url, page: null, unexpectedEnd: postgres.unexpectedEnd }
}

async function createDatabase(adminUrl: string): Promise<void> {
  const admin = connect(adminUrl, { connections: 1 })
  try {
    await admin.execute('create database addressee')
  } catch (error) {
    const alreadyThere = '42P04'
    if ((error as { code?: string }).code !== alreadyThere) throw error
  } finally {
    await admin.close()
  }
}

export async function startTemporal({ dataDir, env, say, signal, release }: StartingServers): Promise<Server> {
  const namespace = { TEMPORAL_NAMESPACE: env['TEMPORAL_NAMESPACE'] || 'default' }
  if (env['TEMPORAL_ADDRESS']) return named(env['TEMPORAL_ADDRESS'], namespace)
  const binary = await findTemporal({ say, env, signal })
  const temporal = await startTemporalServer({ binary, dataDir })
  release(temporal.stop)
  say(`Temporal       ${temporal.uiUrl}`)
  return {
    // Its one namespace that is sure to exist, whatever the environment says of another server.
    env: { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: 'default' },
    url: temporal.address,
    page: temporal.uiUrl,
    unexpectedEnd: temporal.unexpectedEnd,
  }
}

export async function startMail({ dataDir, env, say, release }: StartingServers): Promise<Server> {
  if (env['SMTP_URL']) return named(env['SMTP_URL'], {})
  const smtpPort = await freePort(1025)
  const inboxPort = await freePort(8025)
  const script = scriptPath('mail-catcher/main.ts', import.meta.url)
  const ports = ['--smtp-port', String(smtpPort), '--inbox-port', String(inboxPort)]
  const catcher = await startProcess({
    name: 'mail-catcher',
    command: process.execPath,
    args: [script, '--folder', join(dataDir, 'mail'), ...ports],
    folder: dataDir,
  })
  release(catcher.stop)
  const page = `http://127.0.0.1:${inboxPort}`
  await untilReady(catcher, async () => (await fetch(`${page}/api/messages?limit=1`)).ok)
  const url = `smtp://127.0.0.1:${smtpPort}`
  say(`Mail catcher   ${page}, takes mail at ${url}`)
  return { env: { SMTP_URL: url }, url, page, unexpectedEnd: catcher.unexpectedEnd }
}
