import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { apiRoutes } from '../../http/api/routes.ts'
import { hubSpotRoutes } from '../../http/hubspot/routes.ts'
import { createTestApi } from '../setup/api.ts'
import { createDatabase } from '../setup/database.ts'

const { db } = await createDatabase()
const { app, ask, newKey, lines, addressee } = await createTestApi(db)

test('every route of the app that is no page for recipients declares its scope', () => {
  const declared = [
    ...[...apiRoutes, ...hubSpotRoutes].map(({ method, path, scope }) => [`${method} ${path}`, scope]),
    // Its key is in the body: it asks for the scope by itself (message-unsub.test.ts).
    ['POST /api/v1.1/profiles/message_unsub', 'subscriptions:write'],
  ]
  const scopes = new Map(declared as [string, string][])
  const forRecipients = /^\/(u|p|o|sdk|healthz|readyz)\b|^\/\*$/
  const routes = app.routes.filter(({ method, path }) => method !== 'ALL' && !forRecipients.test(path))
  expect(routes.length).toBe(declared.length)
  for (const { method, path } of routes)
    expect(['read', 'subscriptions:write', 'campaigns:write', 'admin', 'public'], `${method} ${path}`).toContain(
      scopes.get(`${method} ${path}`),
    )
  expect(declared.filter(([, scope]) => scope === 'public')).toEqual([['GET /v1/openapi.json', 'public']])
  const changes = apiRoutes.filter(({ method, scope }) => method !== 'GET' && scope === 'read')
  expect(changes.map(({ path }) => path)).toEqual([
    '/v1/contacts/search',
    '/v1/campaigns/preview',
    '/v1/campaigns/:campaign/explain',
  ])
})

test('none, forged and revoked ones get the same 401 on every route, before anything is read', async () => {
  const revoked = await newKey({ name: 'revoked' })
  expect((await ask('GET', '/v1/resources', { key: revoked })).status).toBe(200)
  await addressee.apiKeys.revoke('revoked')
  const { body: expected } = await ask('GET', '/v1/resources', { key: null })
  expect(expected).toMatchObject({ status: 401, type: 'urn:addressee:problem:unauthenticated' })
  for (const { method, path, scope } of apiRoutes) {
    if (scope === 'public') continue
    for (const key of [null, revoked, `adr_${'A'.repeat(43)}`, 'nonsense']) {
      const sent = method === 'GET' || method === 'DELETE' ? {} : { raw: '{"' }
      const { status, body, headers } = await ask(method, path.replaceAll(/:\w+/g, '1'), { key, ...sent })
      expect([status, body, headers.get('www-authenticate')], `${method} ${path}`).toEqual([
        401,
        expected,
        'Bearer realm="addressee"',
      ])
    }
  }
})

test('a scope that is lacking is named', async () => {
  const key = await newKey({ scopes: ['read'] })
  for (const { method, path, scope } of apiRoutes) {
    if (scope === 'public' || scope === 'read') continue
    const sent = method === 'GET' || method === 'DELETE' ? {} : { raw: '{"' }
    const { status, body } = await ask(method, path.replaceAll(/:\w+/g, '1'), { key, ...sent })
    expect([status, body['detail']], `${method} ${path}`).toEqual([403, `It takes the scope ${scope}.`])
  }
})

test('the last use is written down, and not with every request', async () => {
  const key = await newKey({ name: 'used' })
  const lastUse = async () => (await addressee.apiKeys.list()).find(({ name }) => name === 'used')?.lastUsedAt
  expect(await lastUse()).toBeNull()
  await ask('GET', '/v1/resources', { key })
  const first = await lastUse()
  expect(first).not.toBeNull()
  await ask('GET', '/v1/resources', { key })
  expect(await lastUse()).toBe(first)
  await sql`update api_key set last_used_at = now() - interval '61 seconds' where name = 'used'`.execute(db)
  await ask('GET', '/v1/resources', { key })
  expect(new Date((await lastUse()) ?? 0).getTime()).toBeGreaterThanOrEqual(new Date(first ?? 0).getTime())
})

test('too many requests are refused with the time to wait', async () => {
  const key = await newKey({ requestsPerSecond: 1 })
  const answers = await Promise.all(Array.from({ length: 12 }, () => ask('GET', '/v1/openapi.json', { key })))
  expect(answers.every(({ status }) => status === 200)).toBe(true)
  const limited = await Promise.all(Array.from({ length: 12 }, () => ask('GET', '/v1/resources', { key })))
  const refused = limited.find(({ status }) => status === 429)
  expect(refused?.body['type']).toBe('urn:addressee:problem:rate_limited')
  expect(refused?.headers.get('retry-after')).toBe('1')
  expect(refused?.headers.get('ratelimit-limit')).toBe('1')
  expect(refused?.headers.get('ratelimit-remaining')).toBe('0')
})

test('the key is stored as a hash alone, and never logged', async () => {
  const key = await newKey({ name: 'secret' })
  await ask('GET', '/v1/resources', { key })
  const { rows } = await sql<{ row: string }>`select to_jsonb(api_key)::text as row from api_key`.execute(db)
  expect(rows.length).toBeGreaterThan(0)
  expect(JSON.stringify([rows, lines])).not.toContain(key.slice(4))
})
