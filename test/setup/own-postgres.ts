import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../dev/free-port.ts'
import { killLeftovers } from '../../dev/leftovers.ts'
import { startPostgres } from '../../dev/postgres.ts'
import { atEnd } from './at-end.ts'
import { eventually } from './eventually.ts'
import { createTemplate } from './servers.ts'

/** A PostgreSQL of a test's own, to be hurt. */
export interface OwnPostgres {
  postgresUrl: string
  port: number
  /** `kill -9`; its children end when they notice. */
  kill: () => void
  restart: () => Promise<void>
}

/**
 * With the settings that an installation has. The servers of the other tests answer a commit before it is in the
 * journal, which loses the last of them when the server is killed: that would be our fault, and no fault to survive.
 * @param flags further `name=value` settings.
 */
export async function startOwnPostgres(flags: string[] = []): Promise<OwnPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'addressee-postgres-'))
  // PostgreSQL runs as another user when the tests run as root.
  await chmod(folder, 0o711)
  atEnd(() => rm(folder, { recursive: true, force: true }))
  const port = await freePort()
  const start = () => startPostgres({ dataDir: join(folder, 'postgres'), port, flags })
  let running = await start()
  atEnd(() => running.stop())
  await createTemplate(running.urlOf)
  return {
    postgresUrl: running.urlOf('postgres'),
    port,
    kill: () => killLeftovers(folder),
    restart: async () => {
      // It refuses to start while a child of the dead one lives.
      running = await eventually(start)
    },
  }
}
