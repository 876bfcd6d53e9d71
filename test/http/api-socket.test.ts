import { once } from 'node:events'
import { request } from 'node:http'
import { expect, test } from 'vitest'
import { createDatabase } from '../setup/database.ts'
import { startEdge } from '../setup/edge-on-socket.ts'
import { eventually } from '../setup/eventually.ts'
import { createTestApp, recordingLog } from '../setup/http-app.ts'
import { startTcpProxy } from '../setup/tcp-proxy.ts'

// What only a socket shows.

const { db, url } = await createDatabase()
const { log, lines } = recordingLog()
const proxy = await startTcpProxy(Number(new URL(url).port))
const databaseUrl = Object.assign(new URL(url), { host: `127.0.0.1:${proxy.port}` }).href
const http = await startEdge(databaseUrl, log)
const { key } = await createTestApp(db).addressee.apiKeys.create({ name: 'socket', scopes: ['admin'] })
const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }

test('10 MB are refused, announced or not, and the server goes on', async () => {
  const body = Buffer.alloc(10_000_000, 0x20)
  const announced = await fetch(`${http.url}/v1/contacts`, { method: 'POST', headers, body }).catch(() => null)
  // Who is still writing when the connection ends sees that instead.
  expect([413, undefined]).toContain(announced?.status)
  expect([413, 'closed']).toContain(await sendChunks(body))
  expect((await fetch(`${http.url}/v1/resources`, { headers })).status).toBe(200)
})

/** Without Content-Length. */
async function sendChunks(body: Buffer): Promise<number | 'closed'> {
  const sending = request(`${http.url}/v1/contacts`, { method: 'POST', headers })
  // It may be said several times that nobody reads any more.
  sending.on('error', () => {})
  const answered = once(sending, 'response').then(
    ([response]) => Number(response.statusCode),
    () => 'closed' as const,
  )
  for (let at = 0; at < body.length; at += 100_000) sending.write(body.subarray(at, at + 100_000))
  sending.end()
  return answered
}

test('without a key the body is not read', async () => {
  const sending = request(`${http.url}/v1/contacts`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Content-Length': 26 },
  })
  sending.on('error', () => {})
  sending.flushHeaders()
  const [response] = await once(sending, 'response')
  sending.destroy()
  expect(response.statusCode).toBe(401)
})

test('HEAD is GET without a body; the log names the route and neither key nor address', async () => {
  const head = await fetch(`${http.url}/v1/resources`, { method: 'HEAD', headers })
  expect([head.status, await head.text()]).toEqual([200, ''])
  await fetch(`${http.url}/communication-preferences/v3/status/email/ada@example.com`, { headers })
  await fetch(`${http.url}/v1/subscriptions?email=ada@example.com`, { headers })
  const logged = JSON.stringify(lines)
  expect(logged).toContain('/communication-preferences/v3/status/email/:emailAddress')
  expect(logged).not.toContain('ada@example.com')
  expect(logged).not.toContain(key.slice(4))
})

test('PostgreSQL away is 503, and what comes after it is answered', async () => {
  const statuses = () =>
    Promise.all(
      ['/v1/resources', '/communication-preferences/v3/definitions'].map(
        async (path) => (await fetch(`${http.url}${path}`, { headers })).status,
      ),
    )
  await proxy.refuse()
  expect(await statuses()).toEqual([503, 503])
  await proxy.mend()
  await eventually(async () => expect(await statuses()).toEqual([200, 200]))
})
