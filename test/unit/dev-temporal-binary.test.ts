import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Acquire, findTemporal } from '../../dev/temporal-binary.ts'
import { buildTemporal } from '../../dev/temporal-build.ts'
import { Refusal, Unavailable } from '../../domain/refusal.ts'

let folder: string
let env: NodeJS.ProcessEnv
let cached: string
const say = () => {}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'addressee-temporal-'))
  env = { HOME: folder, XDG_CACHE_HOME: join(folder, 'cache'), PATH: join(folder, 'bin'), LOCALAPPDATA: folder }
  cached = join(folder, 'cache', 'addressee', 'temporal-cli-v1.5.1', 'temporal')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function put(path: string, mode = 0o755): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, '#!/bin/sh\n')
  await chmod(path, mode)
  return path
}
const works: Acquire = async (target) => void (await put(target))
const fails: Acquire = async () => {
  throw new Error('there is no network')
}

test('the order: TEMPORAL_CLI, the PATH, the cache, then what can be acquired', async () => {
  const ways = [
    { name: 'download', acquire: fails },
    { name: 'build', acquire: works },
  ]
  expect(await findTemporal({ say, env, ways })).toBe(cached)
  // From now on it is cached: nothing has to be acquired.
  expect(await findTemporal({ say, env, ways: [] })).toBe(cached)
  const onPath = await put(join(folder, 'bin', 'temporal'))
  expect(await findTemporal({ say, env, ways: [] })).toBe(onPath)
  const named = await put(join(folder, 'my-temporal'))
  expect(await findTemporal({ say, env: { ...env, TEMPORAL_CLI: named }, ways: [] })).toBe(named)
})

test('a TEMPORAL_CLI that is missing, no file or not executable is refused', async () => {
  const notExecutable = await put(join(folder, 'plain'), 0o644)
  for (const path of [join(folder, 'missing'), folder, notExecutable]) {
    const found = findTemporal({ say, env: { ...env, TEMPORAL_CLI: path }, ways: [{ name: 'x', acquire: works }] })
    await expect(found).rejects.toThrow(Refusal)
    await expect(found).rejects.toThrow(`TEMPORAL_CLI: must be the path of an executable file, and ${path} is none`)
  }
})

test('when there is none to be had, one error names every way and why each failed', async () => {
  const ways = [
    { name: 'the download', acquire: fails },
    { name: 'the build', acquire: fails },
  ]
  const found = findTemporal({ say, env, ways })
  await expect(found).rejects.toThrow(Unavailable)
  const message = await found.catch((error: Error) => error.message)
  expect(message).toContain('  the download: there is no network\n  the build: there is no network')
  for (const way of ['TEMPORAL_ADDRESS', 'TEMPORAL_CLI', 'PATH', cached, 'download', 'Go'])
    expect(message).toContain(way)
})

test('whoever stops meanwhile hears of that, not of the ways', async () => {
  const stop = new AbortController()
  const acquire: Acquire = async () => {
    stop.abort(new Error('stopped'))
    throw new Error('ended')
  }
  const found = findTemporal({ say, env, ways: [{ name: 'x', acquire }], signal: stop.signal })
  await expect(found).rejects.toThrow('stopped')
})

test('a build that fails says what Go said, and leaves nothing behind', async () => {
  const go = await put(join(folder, 'bin', 'go'))
  await writeFile(go, '#!/bin/sh\necho "go: downloading example v1" >&2\necho "no such module" >&2\nexit 1\n')
  const before = process.env['PATH']
  process.env['PATH'] = `${join(folder, 'bin')}:${before}`
  await mkdir(join(cached, '..'), { recursive: true })
  try {
    const built = buildTemporal(cached, say, new AbortController().signal)
    await expect(built).rejects.toThrow('it failed:\ngo: downloading example v1\nno such module')
    await writeFile(go, '#!/bin/sh\necho built > "$GOBIN/temporal"\n')
    // Two at once do not meet.
    await Promise.all([1, 2].map(() => buildTemporal(cached, say, new AbortController().signal)))
  } finally {
    process.env['PATH'] = before
  }
  expect(await readFile(cached, 'utf8')).toBe('built\n')
  expect(await readdir(join(cached, '..'))).toEqual(['temporal'])
})
