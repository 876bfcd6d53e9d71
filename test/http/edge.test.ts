import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { connect, type Db } from '../../db/connect.ts'
import { freePort } from '../../dev/free-port.ts'
import { createDatabase } from '../setup/database.ts'
import { createTestApp } from '../setup/http-app.ts'
import { seedSent, tokens } from '../setup/unsubscribe-seed.ts'

let db: Db
let edge: ReturnType<typeof createTestApp>
beforeAll(async () => {
  db = (await createDatabase()).db
  edge = createTestApp(db)
})

test('every answer keeps itself out of caches, indexes, frames and referrers, and loads nothing', async () => {
  const { token } = await seedSent(db)
  for (const [path, method] of [
    [`/u/${token}`, 'GET'],
    [`/u/${token}`, 'POST'],
    ['/u/cut', 'GET'],
    ['/nowhere', 'GET'],
    ['/healthz', 'PUT'],
  ] as const) {
    const { headers } = await edge.app.request(path, { method })
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-robots-tag': 'noindex',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringMatching(
        /^default-src 'none'; style-src 'sha256-[\w+/=]{44}'(?: 'sha256-[\w+/=]{44}')?; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
      ),
    })
  }
})

test('an address where nothing is', async () => {
  const answer = await edge.app.request('/nowhere')
  expect(answer.status).toBe(404)
  expect(await answer.text()).toContain('<h1>There is no page here</h1>')
})

test.each([
  ['/u/x', 'PUT', 'GET, HEAD, POST'],
  ['/u/x', 'DELETE', 'GET, HEAD, POST'],
  ['/u/x', 'OPTIONS', 'GET, HEAD, POST'],
  ['/healthz', 'POST', 'GET, HEAD'],
])('%s does not know %s', async (path, method, allow) => {
  const answer = await edge.app.request(path, { method })
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow])
})

describe('probes', () => {
  test('alive', async () => {
    const answer = await edge.app.request('/healthz')
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'alive' }])
  })

  test('ready', async () => {
    const answer = await edge.app.request('/readyz')
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { ready: true, checks: { database: 'ok', schema: 'ok' } },
    ])
  })

  test('not ready on a schema that lacks something', async () => {
    const { db } = await createDatabase()
    await sql`delete from kysely_migration where name = '0003-campaigns'`.execute(db)
    const answer = await createTestApp(db).app.request('/readyz')
    expect(answer.status).toBe(503)
    expect(await answer.json()).toEqual({
      ready: false,
      checks: { database: 'ok', schema: expect.stringContaining('lacks the migrations 0003-campaigns') },
    })
  })

  test('ready on a newer schema: in a deployment it comes first', async () => {
    const { db } = await createDatabase()
    await sql`insert into kysely_migration (name, timestamp) values ('9999-future', '2030-01-01')`.execute(db)
    expect((await createTestApp(db).app.request('/readyz')).status).toBe(200)
  })

  test('not ready, but alive, without a database', async () => {
    const { app } = createTestApp(await nowhere())
    const answer = await app.request('/readyz')
    expect(answer.status).toBe(503)
    expect(await answer.json()).toEqual({
      ready: false,
      checks: { database: expect.stringMatching(/^PostgreSQL does not answer/), schema: 'not known' },
    })
    expect((await app.request('/healthz')).status).toBe(200)
  })

  test('not ready while the database does not answer in time', async () => {
    const { db } = await createDatabase()
    const { app } = createTestApp(db)
    await db.transaction().execute(async (db) => {
      await sql`lock table kysely_migration`.execute(db)
      const answer = await app.request('/readyz')
      expect(answer.status).toBe(503)
      expect(await answer.json()).toMatchObject({
        checks: { database: expect.stringMatching(/^PostgreSQL does not answer within 500 ms\./) },
      })
    })
  })
})

describe('a failure of ours', () => {
  const token = tokens.sign({ campaignId: '1', contactId: '1', scope: 'unsubscribe' })

  test('is a page with a number that the log has too', async () => {
    const { app, lines } = createTestApp(await nowhere())
    const answer = await app.request(`/u/${token}`)
    expect(answer.status).toBe(500)
    const page = await answer.text()
    expect(page).toContain('<h1>That did not work</h1>')
    const failure = lines.find((line) => line['msg'] === 'request failed')
    expect(failure?.['errorId']).toMatch(/^[\da-f-]{36}$/)
    expect(page).toContain(`name the error ${String(failure?.['errorId'])}.`)
    expect(page).not.toContain('ECONNREFUSED')
    expect(JSON.stringify(lines)).not.toContain(token)
  })

  test('is one sentence for a mail client, with the same headers', async () => {
    const { app } = createTestApp(await nowhere())
    const answer = await app.request(`/u/${token}`, { method: 'POST' })
    expect(answer.status).toBe(500)
    expect(await answer.text()).toMatch(/^That did not work\. Please try again in a few minutes\./)
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })
})

/** A database where nobody listens. */
const nowhere = async (): Promise<Db> => connect(`postgres://nobody@127.0.0.1:${await freePort()}/nothing`).db
