import { constants } from 'node:fs'
import { access, mkdir, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { Refusal, Unavailable } from '../domain/refusal.ts'
import { cacheFolder } from './cache-folder.ts'
import { buildTemporal } from './temporal-build.ts'
import { downloadTemporal } from './temporal-download.ts'
import { temporalVersion } from './temporal-version.ts'

const executable = process.platform === 'win32' ? 'temporal.exe' : 'temporal'

/** One way to come by a file: it says why when it cannot. `target` is where the file has to be put, at once or not at all. */
export type Acquire = (target: string, say: (line: string) => void, signal: AbortSignal) => Promise<void>

export interface FindOptions {
  say: (line: string) => void
  env?: NodeJS.ProcessEnv
  /** Aborted: a download or a build under way is ended. */
  signal?: AbortSignal
  /** In the order in which they are tried. */
  ways?: { name: string; acquire: Acquire }[]
}

const everyWay = [
  { name: "the SDK's own download", acquire: downloadTemporal },
  { name: `go install of ${temporalVersion}`, acquire: buildTemporal },
]

/**
 * The path of a Temporal CLI that can run a server: the user's own, the cached one, or a new one.
 * @throws Refusal when TEMPORAL_CLI names no executable; Unavailable, naming every way, when there is none to be had.
 */
export async function findTemporal({ say, env = process.env, signal, ways = everyWay }: FindOptions): Promise<string> {
  const own = (await namedByUser(env)) ?? (await onPath(env))
  if (own !== null) return own
  const cached = join(cacheFolder(env), `temporal-cli-${temporalVersion}`, executable)
  if (await isExecutable(cached)) return cached
  return await acquire(cached, ways, say, signal ?? new AbortController().signal)
}

async function namedByUser(env: NodeJS.ProcessEnv): Promise<string | null> {
  const path = env['TEMPORAL_CLI']
  if (path === undefined || path === '') return null
  if (await isExecutable(path)) return path
  throw new Refusal({
    field: 'TEMPORAL_CLI',
    rule: `must be the path of an executable file, and ${path} is none`,
    remedy: 'Correct it, or unset it to have Temporal found, downloaded or built.',
  })
}

async function onPath(env: NodeJS.ProcessEnv): Promise<string | null> {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, executable)
    if (folder !== '' && (await isExecutable(path))) return path
  }
  return null
}

async function isExecutable(path: string): Promise<boolean> {
  const file = await stat(path).catch(() => null)
  if (file === null || !file.isFile()) return false
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

async function acquire(
  target: string,
  ways: { name: string; acquire: Acquire }[],
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  await mkdir(join(target, '..'), { recursive: true })
  const failures: string[] = []
  for (const way of ways) {
    try {
      await way.acquire(target, say, signal)
      return target
    } catch (error) {
      signal.throwIfAborted()
      failures.push(`  ${way.name}: ${(error as Error).message}`)
    }
  }
  throw new Unavailable(
    `There is no Temporal server to be had.\n${failures.join('\n')}`,
    'One of these helps: TEMPORAL_ADDRESS=<host:port> of a running server; TEMPORAL_CLI=<path> or `temporal` on the PATH; ' +
      `the binary at ${target}; a connection for the SDK's download; or Go, to build it`,
  )
}
