import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { connect } from '../../db/connect.ts'
import { migrations } from '../../db/migrations/list.ts'
import { createDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'
import { createNamespace } from '../setup/namespace.ts'
import { createCommand } from './command.ts'

const { addressee, start, folder } = createCommand()
const names = Object.keys(migrations)
const secret = 'a secret for tests only'

const migrated = await createDatabase()
const newer = await createDatabase()
const emptyUrl = await createEmptyDatabase()

/** Without tables; dropped in the end. */
async function createEmptyDatabase(): Promise<string> {
  const adminUrl = inject('postgresUrl')
  const name = `test_${randomBytes(6).toString('hex')}`
  const admin = connect(adminUrl, { connections: 1 })
  await admin.execute(`create database ${name}`)
  afterAll(async () => {
    await admin.execute(`drop database ${name} with (force)`)
    await admin.close()
  })
  return adminUrl.replace(/\/postgres$/, `/${name}`)
}

describe('the schema', () => {
  const unmigrated = () => ({
    code: 1,
    stdout: '',
    stderr:
      `error: DATABASE_URL: the database lacks the migrations ${names.join(', ')}. ` +
      'Run `addressee migrate`, then start again.\n',
  })

  test('a process that finds none refuses to start', async () => {
    const env = {
      DATABASE_URL: emptyUrl,
      SMTP_URL: 'smtp://127.0.0.1:1',
      ADDRESSEE_PUBLIC_URL: 'https://mail.acme.example',
      ADDRESSEE_SECRET: secret,
    }
    expect(await addressee(['worker'], { env })).toEqual(unmigrated())
    expect(await addressee(['campaigns', 'list'], { env })).toEqual(unmigrated())
  })

  test('migrate makes it, says what it did, and then has nothing to do', async () => {
    const env = { DATABASE_URL: emptyUrl }
    expect(await addressee(['migrate'], { env })).toEqual({ code: 0, stdout: `${names.join('\n')}\n`, stderr: '' })
    const second = await addressee(['migrate'], { env })
    expect(second).toEqual({ code: 0, stdout: '', stderr: 'The database is up to date.\n' })
    expect((await addressee(['migrate', '--json'], { env })).stdout).toBe('[]\n')
  })

  test('one of a newer version is left alone', async () => {
    await sql`insert into kysely_migration values ('9999-later', '2040-01-01')`.execute(newer.db)
    expect(await addressee(['migrate'], { env: { DATABASE_URL: newer.url } })).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: DATABASE_URL: the database was migrated by a newer version of addressee (9999-later). ' +
        'Run that version or a later one; this one would not understand the data.\n',
    })
  })
})

describe('http', () => {
  test('a port in use is named', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as { port: number }
    const env = { DATABASE_URL: migrated.url, ADDRESSEE_SECRET: secret, ADDRESSEE_HTTP_ADDRESS: `127.0.0.1:${port}` }
    expect(await addressee(['http'], { env })).toEqual({
      code: 1,
      stdout: '',
      stderr:
        `error: ADDRESSEE_HTTP_ADDRESS: cannot listen on 127.0.0.1:${port}: another process listens there. ` +
        'Stop that process, or set ADDRESSEE_HTTP_ADDRESS to another host:port.\n',
    })
    other.close()
  })

  test('answers until SIGTERM', async () => {
    const env = { DATABASE_URL: migrated.url, ADDRESSEE_SECRET: secret, ADDRESSEE_HTTP_ADDRESS: '127.0.0.1:0' }
    const http = start(['http'], { env })
    const [, address] = await eventually(() => /"url":"([^"]+)"/.exec(http.stdout()) ?? expect.fail('not started'))
    expect((await fetch(`${address}/readyz`)).status).toBe(200)
    http.process.kill('SIGTERM')
    expect(await http.ended).toMatchObject({ code: 0, stderr: '' })
  })
})

test('up starts what the environment does not name, and stops all of it', async () => {
  const env = {
    DATABASE_URL: migrated.url,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: await createNamespace(inject('temporalAddress')),
  }
  const up = start(['up'], { env })
  await eventually(() => expect(up.stderr()).toContain('Everything is up until Ctrl-C.'), 50_000)
  const data = join(folder, '.addressee')
  const processes = () => readdirSync(data).filter((name) => name.endsWith('.pid'))
  expect(processes().toSorted()).toEqual(['http.pid', 'mail-catcher.pid', 'worker.pid'])
  const inbox = /^inbox +(\S+)$/m.exec(up.stderr())?.[1] ?? ''
  expect((await fetch(inbox)).status).toBe(200)

  up.process.kill('SIGINT')
  expect(await up.ended).toMatchObject({
    code: 0,
    stdout: '',
    stderr: expect.stringMatching(/\nstopping …\nstopped\n$/),
  })
  expect(processes()).toEqual([])
})
