import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chown, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { stopProcess } from './leftovers.ts'
import { findPlace, type PostgresPlace } from './postgres-place.ts'
import { commandOf } from './process-command.ts'
import { logHolds, type RunningProcess, startProcess, untilReady } from './processes.ts'

const run = promisify(execFile)

export interface EmbeddedPostgres {
  /** The connection string of one database of this server. */
  urlOf: (database: string) => string
  stop: () => Promise<void>
  unexpectedEnd: Promise<Error>
}

/**
 * Starts the real PostgreSQL that comes as an npm package, on loopback. Its log is `postgres.log` beside the data.
 * @param options.flags further `-c name=value` settings.
 */
export async function startPostgres(options: {
  dataDir: string
  port: number
  flags?: string[]
  say?: (line: string) => void
}): Promise<EmbeddedPostgres> {
  const say = options.say ?? (() => {})
  const place = await findPlace(resolve(options.dataDir), say)
  await stopEarlierServer(place.dataDir, say)
  await requireSameVersion(place)
  await initialise(place)
  const server = await startServer(place, dirname(options.dataDir), options.port, options.flags ?? [])
  return {
    urlOf: (database) => `postgres://postgres@127.0.0.1:${options.port}/${database}`,
    stop: () => server.stop(),
    unexpectedEnd: server.unexpectedEnd,
  }
}

/** A server on the same data folder can only be ours, from a run that was killed. */
async function stopEarlierServer(dataDir: string, say: (line: string) => void): Promise<void> {
  const pid = Number.parseInt(await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => ''), 10)
  if (Number.isNaN(pid) || commandOf(pid)?.includes(dataDir) !== true) return
  say(`stopping the PostgreSQL (pid ${pid}) that a killed run left behind on ${dataDir}`)
  await stopProcess(pid, 'SIGINT')
}

async function requireSameVersion(place: PostgresPlace): Promise<void> {
  const found = (await readFile(join(place.dataDir, 'PG_VERSION'), 'utf8').catch(() => place.majorVersion)).trim()
  if (found === place.majorVersion) return
  throw new Error(
    `The data in ${place.dataDir} was written by PostgreSQL ${found}, and this is PostgreSQL ${place.majorVersion}. ` +
      'To begin anew without that data: npm start -- --fresh',
  )
}

async function initialise({ bin, dataDir, user }: PostgresPlace): Promise<void> {
  if (existsSync(join(dataDir, 'PG_VERSION'))) return
  // Made aside and renamed: an interrupted start must not leave a folder that looks finished.
  const half = `${dataDir}.half`
  await rm(half, { recursive: true, force: true })
  await mkdir(half, { recursive: true, mode: 0o700 })
  if (user !== undefined) await chown(half, user.uid, user.gid)
  const args = [`--pgdata=${half}`, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C']
  await run(join(bin, 'initdb'), args, { ...user, cwd: '/', env: { ...process.env, LC_ALL: 'C' } })
  await rename(half, dataDir)
}

/** SIGINT is PostgreSQL's fast shutdown: open transactions are rolled back, data is flushed. */
async function startServer(place: PostgresPlace, folder: string, port: number, flags: string[]) {
  const server: RunningProcess = await startProcess({
    name: 'postgres',
    command: join(place.bin, 'postgres'),
    args: ['-D', place.dataDir, '-p', String(port), '-h', '127.0.0.1', '-k', '', ...flags.flatMap((f) => ['-c', f])],
    folder,
    user: place.user,
    stopSignal: 'SIGINT',
  })
  try {
    // Long: after a crash it replays its journal first.
    await untilReady(server, logHolds(server, 'ready to accept connections'), { limitMs: 60_000 })
    return server
  } catch (error) {
    await server.stop()
    throw new Error(`${(error as Error).message}\nTo begin anew without the kept data: npm start -- --fresh`, {
      cause: error,
    })
  }
}
