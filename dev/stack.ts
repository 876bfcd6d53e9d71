import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { lockDataFolder } from './data-lock.ts'
import { freePort } from './free-port.ts'
import { stopLeftovers } from './leftovers.ts'
import { relocatedDataDir } from './postgres-place.ts'
import { type Server, type StartingServers, startDatabase, startMail, startTemporal } from './servers.ts'

export interface Stack {
  /** Everything that `addressee worker` and `addressee http` read, beside the environment that we came with. */
  env: NodeJS.ProcessEnv
  links: { temporalUi: string | null; inbox: string | null; database: string; smtp: string }
  /** Settles when a server ends that nobody asked to. */
  unexpectedEnd: Promise<Error>
  stop: () => Promise<void>
}

export interface StackOptions {
  dataDir: string
  /** Remove what earlier runs kept. */
  fresh: boolean
  say: (line: string) => void
  env?: NodeJS.ProcessEnv
  /** Aborted: whatever is starting is ended, and the start fails. */
  signal?: AbortSignal
}

/**
 * Starts the servers that the environment does not name, at once, and says how to reach all of them.
 * @throws whatever a server says that cannot start; then nothing is left running.
 */
export async function startStack({ say, fresh, ...options }: StackOptions): Promise<Stack> {
  const dataDir = resolve(options.dataDir)
  const env = options.env ?? process.env
  await using starting = new AsyncDisposableStack()
  starting.defer(await lockDataFolder(dataDir))
  await stopLeftovers(dataDir, say)
  if (fresh) await clear(dataDir, say)
  const failed = new AbortController()
  const signal = AbortSignal.any([failed.signal, ...(options.signal === undefined ? [] : [options.signal])])
  const context: StartingServers = { dataDir, env, say, signal, release: (stop) => starting.defer(stop) }
  const [database, temporal, mail] = await together(failed, [
    startDatabase(context),
    startTemporal(context),
    startMail(context),
  ])
  signal.throwIfAborted()
  const own = await settingsOfOurOwn(dataDir, env)
  // From here on the releases are the caller's.
  const running = starting.move()
  return {
    env: { ...env, ...own, ...database.env, ...temporal.env, ...mail.env },
    links: { temporalUi: temporal.page, inbox: mail.page, database: database.url, smtp: mail.url },
    unexpectedEnd: Promise.race([database, temporal, mail].map((server) => server.unexpectedEnd)),
    stop: () => running.disposeAsync(),
  }
}

/** Waits for all, also after one has failed: what comes up late must be on the list of releases too. */
async function together(failed: AbortController, starts: [Promise<Server>, Promise<Server>, Promise<Server>]) {
  for (const start of starts) start.catch((error: unknown) => failed.abort(error))
  await Promise.allSettled(starts)
  // The first failure in time: those after it may be its consequences.
  failed.signal.throwIfAborted()
  return await Promise.all(starts)
}

async function clear(dataDir: string, say: (line: string) => void): Promise<void> {
  say(`removing what earlier runs kept in ${dataDir}`)
  const kept = (await readdir(dataDir)).filter((name) => name !== 'lock').map((name) => join(dataDir, name))
  kept.push(relocatedDataDir(join(dataDir, 'postgres')))
  await Promise.all(kept.map((path) => rm(path, { recursive: true, force: true })))
}

async function settingsOfOurOwn(dataDir: string, env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const http = env['ADDRESSEE_HTTP_ADDRESS'] || `127.0.0.1:${await freePort(8080)}`
  return {
    ADDRESSEE_HTTP_ADDRESS: http,
    ADDRESSEE_PUBLIC_URL: env['ADDRESSEE_PUBLIC_URL'] || `http://${http}`,
    ADDRESSEE_METRICS_ADDRESS: env['ADDRESSEE_METRICS_ADDRESS'] || `127.0.0.1:${await freePort(9464)}`,
    ADDRESSEE_SECRET: env['ADDRESSEE_SECRET'] || (await keptSecret(join(dataDir, 'secret'))),
  }
}

/** Kept, because links in mails that were caught by earlier runs must go on working. */
async function keptSecret(path: string): Promise<string> {
  const kept = await readFile(path, 'utf8').catch(() => '')
  if (kept !== '') return kept
  const secret = randomBytes(32).toString('hex')
  await writeFile(path, secret, { mode: 0o600 })
  return secret
}
