import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import { freePort } from '../../dev/free-port.ts'
import { Refusal, Unavailable } from '../../domain/refusal.ts'
import type { HttpConfig } from '../../http/config.ts'
import { type RunningHttp, startHttp } from '../../http/main.ts'
import { createDatabase, type TestDatabase } from '../setup/database.ts'
import { recordingLog } from '../setup/http-app.ts'
import { eventsOf, secret, seedSent, statusOf } from '../setup/unsubscribe-seed.ts'

let database: TestDatabase
let db: Db
let http: RunningHttp
const { log, lines } = recordingLog()
const configOf = (over: Partial<HttpConfig> = {}): HttpConfig => ({
  databaseUrl: database.url,
  secrets: [secret],
  listen: { host: '127.0.0.1', port: 0 },
  trustedProxies: [],
  temporal: { address: '127.0.0.1:1' },
  logLevel: 'info',
  ...over,
})

beforeAll(async () => {
  database = await createDatabase()
  db = database.db
  http = await startHttp(configOf(), log)
})
afterAll(() => http.close())

test('says once where it listens', () => {
  expect(lines.filter((line) => line['msg'] === 'http started')).toMatchObject([{ url: http.url }])
  expect(http.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
})

describe('over a socket', () => {
  test('a body of two megabytes is no reason to refuse a refusal', async () => {
    const sent = await seedSent(db)
    const answer = await fetch(`${http.url}/u/${sent.token}`, { method: 'POST', body: Buffer.alloc(2_000_000) })
    expect([answer.status, await answer.text()]).toEqual([200, 'You were unsubscribed.\n'])
    expect(await eventsOf(db, sent.campaignId)).toMatchObject([{ ip: '127.0.0.1', through: 'one_click' }])
  })

  test('a body that is announced and never comes is not waited for', async () => {
    const sent = await seedSent(db)
    const { hostname, port } = new URL(http.url)
    const socket = connectSocket(Number(port), hostname)
    socket.write(`POST /u/${sent.token} HTTP/1.1\r\nHost: x\r\nContent-Length: 26\r\n\r\n`)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(await statusOf(db, sent.contactId, sent.categories[0]?.id)).toBe('unsubscribed')
  })
})

test('a request that is under way when it stops is answered; the next finds nobody', async () => {
  const stopping = await startHttp(configOf(), log)
  const sent = await seedSent(db)
  const { answer, closed } = await db.transaction().execute(async (db) => {
    await sql`lock table address_refusal in exclusive mode`.execute(db)
    const answer = fetch(`${stopping.url}/u/${sent.token}`, { method: 'POST' })
    await waitingFor(db, 'address_refusal')
    return { answer, closed: stopping.close() }
  })
  expect((await answer).status).toBe(200)
  await closed
  expect(await statusOf(db, sent.contactId, sent.categories[0]?.id)).toBe('unsubscribed')
  await expect(fetch(stopping.url)).rejects.toThrow('fetch failed')
})

/** Somebody waits for a lock of this table: the request has arrived. */
async function waitingFor(db: Db, table: string): Promise<void> {
  for (;;) {
    const { rows } = await sql`select from pg_locks where relation = ${table}::regclass and not granted`.execute(db)
    if (rows.length > 0) return
  }
}

describe('does not start', () => {
  test('on an address in use: the sentence names it and the variable', async () => {
    const { hostname: host, port } = new URL(http.url)
    const start = startHttp(configOf({ listen: { host, port: Number(port) } }), log)
    await expect(start).rejects.toEqual(
      new Refusal({
        field: 'ADDRESSEE_HTTP_ADDRESS',
        rule: `cannot listen on ${host}:${port}: another process listens there`,
        remedy: 'Stop that process, or set ADDRESSEE_HTTP_ADDRESS to another host:port.',
      }),
    )
  })

  test('on an address that is not ours', async () => {
    const start = startHttp(configOf({ listen: { host: '192.0.2.1', port: 80 } }), log)
    await expect(start).rejects.toThrow(/^ADDRESSEE_HTTP_ADDRESS: cannot listen on 192\.0\.2\.1:80: .*EADDRNOTAVAIL/)
  })

  test('without its database', async () => {
    const databaseUrl = `postgres://me:hunter2@127.0.0.1:${await freePort()}/nothing`
    const error = await startHttp(configOf({ databaseUrl }), log).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(Unavailable)
    expect(String(error)).toMatch(/PostgreSQL does not answer: .*ECONNREFUSED.* Check DATABASE_URL/)
    expect(String(error)).not.toContain('hunter2')
  })

  test('on a schema that lacks a migration', async () => {
    const { db, url } = await createDatabase()
    await sql`delete from kysely_migration where name = '0003-campaigns'`.execute(db)
    await expect(startHttp(configOf({ databaseUrl: url }), log)).rejects.toThrow(/lacks the migrations 0003-campaigns/)
  })
})

test('as a process it logs JSON lines and ends with code 0 on SIGTERM', async () => {
  const script = `
    const { runHttp } = await import(${JSON.stringify(new URL('../../http/main.ts', import.meta.url).href)})
    await runHttp(${JSON.stringify(configOf())})`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stderr = text(child.stderr)
  const logged: Record<string, unknown>[] = []
  for await (const line of createInterface(child.stdout)) {
    logged.push(JSON.parse(line) as Record<string, unknown>)
    if (logged.at(-1)?.['msg'] === 'http started') child.kill('SIGTERM')
  }
  const code = child.exitCode ?? ((await once(child, 'exit')) as [number])[0]
  expect({ code, stderr: await stderr }).toEqual({ code: 0, stderr: '' })
  expect(logged.map((line) => line['msg'])).toEqual(['http started', 'http stopping', 'http stopped'])
})
