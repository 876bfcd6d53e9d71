import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connect } from '../../db/connect.ts'
import { freePort } from '../../dev/free-port.ts'
import { startPostgres } from '../../dev/postgres.ts'
import { canEnter, findPlace, relocatedDataDir } from '../../dev/postgres-place.ts'
import { commandOf } from '../../dev/process-command.ts'

const isRoot = process.getuid?.() === 0
const limit = 30_000

let folder: string
let dataDir: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'addressee-postgres-'))
  await chmod(folder, 0o711)
  dataDir = join(folder, 'postgres')
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
  await rm(dirname(relocatedDataDir(dataDir)), { recursive: true, force: true })
})

async function execute(url: string, statement: string): Promise<void> {
  const connection = connect(url, { connections: 1 })
  try {
    await connection.execute(statement)
  } finally {
    await connection.close()
  }
}

test('starts, keeps what was written over a restart, and stops twice without harm', { timeout: limit }, async () => {
  const first = await startPostgres({ dataDir, port: await freePort() })
  await execute(first.urlOf('postgres'), 'create table kept (id int)')
  await first.stop()
  await first.stop()
  const second = await startPostgres({ dataDir, port: await freePort() })
  await expect(execute(second.urlOf('postgres'), 'create table kept (id int)')).rejects.toThrow('already exists')
  await second.stop()
})

test('stops the server that a killed run left on the same folder', { timeout: limit }, async () => {
  const port = await freePort()
  await startPostgres({ dataDir, port })
  const pid = Number.parseInt(await readFile(join(dataDir, 'postmaster.pid'), 'utf8'), 10)
  const said: string[] = []
  const second = await startPostgres({ dataDir, port, say: (line) => said.push(line) })
  expect(said).toEqual([`stopping the PostgreSQL (pid ${pid}) that a killed run left behind on ${dataDir}`])
  expect(commandOf(pid)).toBeNull()
  await execute(second.urlOf('postgres'), 'select 1')
  await second.stop()
})

test('says what PostgreSQL said, and what to do, when it does not start', { timeout: limit }, async () => {
  const port = await freePort()
  const taken = createServer().listen(port, '127.0.0.1')
  const start = startPostgres({ dataDir, port })
  await expect(start).rejects.toThrow(/^postgres ended before it was ready[^]*Address already in use[^]*-- --fresh$/)
  taken.close()
})

test('refuses data of another major version', { timeout: limit }, async () => {
  const { stop } = await startPostgres({ dataDir, port: await freePort() })
  await stop()
  await writeFile(join(dataDir, 'PG_VERSION'), '12\n')
  await expect(startPostgres({ dataDir, port: await freePort() })).rejects.toThrow(
    /was written by PostgreSQL 12, and this is PostgreSQL \d+\. To begin anew without that data: npm start -- --fresh$/,
  )
})

test.runIf(isRoot)('as root, below a folder that nobody else may enter', { timeout: limit }, async () => {
  await chmod(folder, 0o700)
  const said: string[] = []
  const server = await startPostgres({ dataDir, port: await freePort(), say: (line) => said.push(line) })
  await execute(server.urlOf('postgres'), 'select 1')
  await server.stop()
  expect(said).toEqual([
    `PostgreSQL's own user cannot enter ${folder}: its data is kept in ${relocatedDataDir(dataDir)}`,
  ])
  expect([existsSync(dataDir), existsSync(relocatedDataDir(dataDir))]).toEqual([false, true])
})

test.runIf(isRoot)('as root, where everybody may enter, the data stays where it is wanted', async () => {
  expect(await findPlace(dataDir, () => {})).toMatchObject({ dataDir })
})

test('who may enter a folder is read from its modes and those above it', async () => {
  const stranger = { uid: 54_321, gid: 54_321 }
  expect(await canEnter(folder, stranger)).toBe(true)
  await chmod(folder, 0o710)
  expect(await canEnter(folder, stranger)).toBe(false)
  expect(await canEnter(folder, { uid: process.getuid?.() ?? 0, gid: 54_321 })).toBe(true)
  expect(await canEnter(folder, { uid: 54_321, gid: process.getgid?.() ?? 0 })).toBe(true)
  await chmod(folder, 0o701)
  // The group's bits hold for its members, even where everybody else may do more.
  expect(await canEnter(folder, { uid: 54_321, gid: process.getgid?.() ?? 0 })).toBe(false)
})
