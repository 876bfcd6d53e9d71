import { connect } from '../db/connect.ts'
import { migrate } from '../db/migrate.ts'
import { reached } from '../db/open.ts'
import { scriptPath } from '../worker/script-path.ts'
import { logHolds, type RunningProcess, startProcess, untilReady } from './processes.ts'

export interface Services {
  unexpectedEnd: Promise<Error>
  stop: () => Promise<void>
}

const command = scriptPath('../client/cli/main.ts', import.meta.url)

/** Brings the schema up to date, then starts `addressee worker` and `addressee http` as an operator would. */
export async function startServices(env: NodeJS.ProcessEnv, dataDir: string, signal: AbortSignal): Promise<Services> {
  await migrateDatabase(env['DATABASE_URL'] ?? '')
  await using starting = new AsyncDisposableStack()
  const start = async (name: string, isReady: (service: RunningProcess) => () => Promise<boolean>) => {
    const args = [command, name]
    const service = await startProcess({ name, command: process.execPath, args, folder: dataDir, env })
    starting.defer(() => service.stop(30_000))
    await untilReady(service, isReady(service), { limitMs: 60_000, signal })
    return service
  }
  const readyUrl = `http://${env['ADDRESSEE_HTTP_ADDRESS']}/readyz`
  const started = await Promise.allSettled([
    start('worker', (worker) => logHolds(worker, '"worker started"')),
    start('http', () => async () => (await fetch(readyUrl, { signal: AbortSignal.timeout(2000) })).ok),
  ])
  const services = started.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
  const running = starting.move()
  return {
    unexpectedEnd: Promise.race(services.map((service) => service.unexpectedEnd)),
    stop: () => running.disposeAsync(),
  }
}

async function migrateDatabase(url: string): Promise<void> {
  const connection = connect(url, { connections: 1 })
  try {
    await reached(migrate(connection.db))
  } finally {
    await connection.close()
  }
}
