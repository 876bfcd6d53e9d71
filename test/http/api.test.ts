import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { apiRoutes } from '../../http/api/routes.ts'
import { hubSpotRoutes } from '../../http/hubspot/routes.ts'
import { createTestApi, seedReachable } from '../setup/api.ts'
import { createDatabase } from '../setup/database.ts'
import { seedCampaign, seedCategory, seedContact, seedResource, seedSegment } from '../setup/seed.ts'
import { seedSent } from '../setup/unsubscribe-seed.ts'

const { db } = await createDatabase()
const { app, ask, newKey, lines, addressee } = await createTestApi(db)
const acme = await seedResource(db, 'acme')
const news = await seedCategory(db, acme)
const agencyResource = await seedResource(db, 'agency')
await db.updateTable('resource').set({ access_group: 'agency' }).where('id', '=', agencyResource).execute()
const agencyNews = await seedCategory(db, agencyResource)

const content = { en: { subject: 'Hello', text: 'Hello {{ unsubscribe_url }}' } }

test('every route of the app that is no page for recipients declares its scope', () => {
  const declared = [...apiRoutes, ...hubSpotRoutes].map(({ method, path, scope }) => [`${method} ${path}`, scope])
  const scopes = new Map(declared as [string, string][])
  const forRecipients = /^\/(u|healthz|readyz)\b|^\/\*$/
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

describe('keys', () => {
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
})

describe('access groups', () => {
  test('a key sees and changes what belongs to its group, and of the rest nothing', async () => {
    const key = await newKey({ name: 'agency', accessGroup: 'agency' })
    const contactId = await seedReachable(db, 'shared@example.com')
    const hidden = await seedCampaign(db, { resourceId: acme, categories: [news.id] })
    const own = await seedCampaign(db, { resourceId: agencyResource, categories: [agencyNews.id] })
    const keysOf = async (path: string, field = 'key') =>
      (await ask('GET', path, { key })).body.items.map((item) => item[field])
    expect(await keysOf('/v1/resources')).toEqual(['agency'])
    expect(await keysOf('/v1/categories')).toEqual([agencyNews.key])
    expect(await keysOf('/v1/campaigns', 'id')).toEqual([own])
    expect(await keysOf(`/v1/subscriptions?contactId=${contactId}`, 'category')).toEqual([agencyNews.key])
    for (const path of [
      '/v1/resources/acme',
      `/v1/resources/${acme}`,
      `/v1/categories/${news.key}`,
      `/v1/categories?resource=acme`,
      `/v1/campaigns/${hidden}`,
      `/v1/campaigns/${hidden}/preview`,
      `/v1/campaigns/${hidden}/recipients`,
    ])
      expect((await ask('GET', path, { key })).status, path).toBe(404)
    for (const command of ['pause', 'resume', 'send-now', 'cancel'])
      expect((await ask('POST', `/v1/campaigns/${hidden}/${command}`, { key, body: {} })).status).toBe(404)
    const explain = `/v1/campaigns/${hidden}/explain`
    expect((await ask('POST', explain, { key, body: { contactId } })).status).toBe(404)
    const put = { key, body: { contactId, category: news.key } }
    expect((await ask('PUT', '/v1/subscriptions', put)).status).toBe(404)
    const deletion = `/v1/subscriptions?contactId=${contactId}&category=${news.key}`
    expect((await ask('DELETE', deletion, { key })).status).toBe(404)
    expect((await ask('POST', '/v1/categories', { key, body: { resource: 'acme', title: 'X' } })).status).toBe(404)
    expect((await ask('POST', '/v1/opt-outs', { key, body: { contactId } })).status).toBe(403)
    expect((await ask('POST', '/v1/opt-outs', { key, body: { contactId, resource: 'acme' } })).status).toBe(404)
    expect((await ask('GET', '/v1/suppressions', { key })).status).toBe(403)
    expect(
      (await ask('PUT', '/v1/subscriptions', { key, body: { contactId, category: agencyNews.key } })).body,
    ).toMatchObject({ status: 'subscribed' })
  })

  test('a definition may name nothing of others, not even to exclude it', async () => {
    const key = await newKey({ accessGroup: 'agency' })
    const own = { key: 'own', resource: 'agency', categories: [agencyNews.key], content, now: true }
    expect((await ask('POST', '/v1/campaigns/preview', { key, body: own })).status).toBe(200)
    const foreign = [
      { resource: 'acme' },
      { categories: [agencyNews.key, news.key] },
      { doNotSendTo: [news.key] },
      { respectUnsubscribesOf: [news.key] },
      { segments: [news.key] },
      { excludeSegments: [news.key] },
    ]
    for (const each of foreign) {
      const { status, body } = await ask('POST', '/v1/campaigns/preview', { key, body: { ...own, ...each } })
      expect([status, body['field']]).toEqual([422, Object.keys(each)[0]])
    }
    const theirs = await seedCampaign(db, { resourceId: acme, categories: [news.id] })
    await db.updateTable('campaign').set({ key: 'theirs' }).where('id', '=', theirs).execute()
    expect((await ask('POST', '/v1/campaigns', { key, body: { ...own, key: 'theirs' } })).status).toBe(409)
  })

  test('of a shared contact the history and the messages of others are not told', async () => {
    const key = await newKey({ accessGroup: 'agency' })
    const { contactId, campaignId } = await seedSent(db)
    await addressee.subscriptions.subscribe({ contactId }, news.key)
    await addressee.subscriptions.subscribe({ contactId }, agencyNews.key)
    await addressee.optOuts.create({ contactId }, { resource: 'acme' })
    const idsOf = async (path: string, asKey?: string) =>
      (await ask('GET', path, asKey === undefined ? {} : { key: asKey })).body.items
    const whole = await idsOf(`/v1/consent?contactId=${contactId}`)
    expect(whole.map(({ resource }) => resource)).toEqual(['acme', 'agency', 'acme'])
    expect((await idsOf(`/v1/consent?contactId=${contactId}`, key)).map(({ resource }) => resource)).toEqual(['agency'])
    expect(await idsOf(`/v1/contacts/${contactId}/messages`)).toMatchObject([{ campaignId, state: 'sent' }])
    expect(await idsOf(`/v1/contacts/${contactId}/messages`, key)).toEqual([])
    expect(await idsOf(`/v1/opt-outs?contactId=${contactId}`)).toMatchObject([{ resource: 'acme' }])
    expect(await idsOf(`/v1/opt-outs?contactId=${contactId}`, key)).toEqual([])
  })
})

describe('contacts and consent', () => {
  test('a contact is created, completed, found, subscribed and unsubscribed', async () => {
    const created = await ask('POST', '/v1/contacts', {
      body: {
        email: 'Ada@Example.com',
        externalId: 'shop 7/ä',
        firstName: 'Ada',
        language: 'en_gb',
        attributes: { a: 'b' },
      },
    })
    expect(created.body).toMatchObject({ created: true })
    const { id } = created.body
    const again = await ask('POST', '/v1/contacts', {
      body: { email: 'ada@example.com', externalId: 'shop 7/ä', lastName: 'L' },
    })
    expect(again.body).toEqual({ id, created: false })
    const found = { id, firstName: 'Ada', lastName: 'L', language: 'en-GB', attributes: { a: 'b' }, deletedAt: null }
    expect((await ask('GET', `/v1/contacts/${id}`)).body).toMatchObject(found)
    expect((await ask('GET', `/v1/contacts/by-external-id/${encodeURIComponent('shop 7/ä')}`)).body).toMatchObject(
      found,
    )
    expect((await ask('POST', '/v1/contacts/search', { body: { email: 'ADA@example.com' } })).body.items).toMatchObject(
      [found],
    )

    const body = {
      email: 'ada@example.com',
      category: news.key,
      legalBasis: 'CONSENT_WITH_NOTICE',
      explanation: 'form 3',
    }
    const subscribed = {
      contactId: id,
      category: news.key,
      status: 'subscribed',
      source: 'category',
      legalBasis: body.legalBasis,
    }
    expect((await ask('PUT', '/v1/subscriptions', { body })).body).toMatchObject(subscribed)
    expect((await ask('PUT', '/v1/subscriptions', { body })).status).toBe(200)
    const query = `externalId=${encodeURIComponent('shop 7/ä')}`
    expect((await ask('GET', `/v1/subscriptions?${query}`)).body.items).toContainEqual(
      expect.objectContaining(subscribed),
    )
    const gone = await ask('DELETE', `/v1/subscriptions?${query}&category=${news.id}&explanation=phone`)
    expect(gone.body).toMatchObject({ status: 'unsubscribed', explanation: 'phone' })
    const refused = await ask('PUT', '/v1/subscriptions', { body })
    expect([refused.status, refused.body['type']]).toEqual([409, 'urn:addressee:problem:conflict'])
    const { items } = (await ask('GET', `/v1/consent?contactId=${id}`)).body
    expect(items).toMatchObject([
      { number: 1, action: 'subscribed', through: 'api', actor: 'admin', explanation: 'form 3', category: news.key },
      { number: 2, action: 'unsubscribed', through: 'api', actor: 'admin', explanation: 'phone' },
    ])
  })

  test('exactly one name for a contact; one that nobody has; one that is none', async () => {
    const refusedField = async (query: string) => {
      const { status, body } = await ask('GET', `/v1/subscriptions${query}`)
      return [status, body['field']]
    }
    expect(await refusedField('')).toEqual([422, 'contactId'])
    expect(await refusedField('?contactId=1&email=a@example.com')).toEqual([422, 'contactId'])
    expect(await refusedField('?contactId=999999')).toEqual([422, 'contactId'])
    expect(await refusedField('?contactId=1e3')).toEqual([422, 'contactId'])
    expect(await refusedField('?email=nobody')).toEqual([422, 'email'])
    expect(await refusedField('?email=nobody@example.com')).toEqual([422, 'email'])
    expect((await ask('GET', '/v1/contacts/999999')).status).toBe(404)
    expect((await ask('GET', '/v1/contacts/by-external-id/none')).status).toBe(404)
  })

  test('what a contact gains with an address is refused already', async () => {
    const { id } = await addressee.contacts.save({ email: 'once@example.com' })
    expect((await ask('POST', '/v1/opt-outs', { body: { contactId: id, resource: 'acme' } })).body).toEqual({
      changed: true,
    })
    expect((await ask('POST', '/v1/opt-outs', { body: { contactId: id, resource: 'acme' } })).body).toEqual({
      changed: false,
    })
    await addressee.contacts.save({ email: 'once@example.com', externalId: 'twin' })
    const put = await ask('PUT', '/v1/subscriptions', { body: { externalId: 'twin', category: news.key } })
    expect(put.status).toBe(409)
    const { items } = (await ask('GET', '/v1/subscriptions?externalId=twin')).body
    expect(items.find(({ category }) => category === news.key)).toMatchObject({
      status: 'unsubscribed',
      source: 'resource',
    })
  })

  test('an address is suppressed, found, listed and let go', async () => {
    const body = { email: 'Spam@example.com', kind: 'complained', reason: 'wrote to us' }
    const created = await ask('POST', '/v1/suppressions', { body })
    expect(created.body).toMatchObject({ created: true, kind: 'complained', channel: 'email' })
    expect((await ask('POST', '/v1/suppressions', { body: { email: 'spam@example.com' } })).body).toMatchObject({
      created: false,
      kind: 'complained',
    })
    const suppressed = await ask('GET', '/v1/suppressions?email=spam@example.com')
    expect(suppressed.body.items).toMatchObject([{ id: created.body.id, reason: 'wrote to us' }])
    expect(JSON.stringify(suppressed.body)).not.toContain('example.com')
    expect((await ask('DELETE', `/v1/suppressions/${created.body.id}`)).status).toBe(204)
    expect((await ask('DELETE', `/v1/suppressions/${created.body.id}`)).status).toBe(422)
    expect((await ask('GET', '/v1/suppressions?email=spam@example.com')).body.items).toEqual([])
  })
})

describe('pages', () => {
  test('lists come in pages that miss nothing and repeat nothing', async () => {
    for (let each = 0; each < 7; each += 1) {
      await addressee.suppressions.create({ email: `page-${each}@example.com` })
      await seedCampaign(db, { resourceId: acme, segments: [await seedSegment(db, [])] })
      const contactId = await seedContact(db, { address: `page-${each}@example.org` })
      await addressee.optOuts.create({ contactId }, each % 2 === 0 ? {} : { resource: 'acme', channel: 'email' })
    }
    for (const path of ['/v1/suppressions', '/v1/campaigns', '/v1/opt-outs', '/v1/resources', '/v1/categories']) {
      const whole = (await ask('GET', `${path}?limit=200`)).body
      expect(whole.next, path).toBeNull()
      const seen: unknown[] = []
      let cursor = ''
      for (;;) {
        const { body } = await ask('GET', `${path}?limit=2${cursor}`)
        seen.push(...body.items)
        expect(body.items.length).toBeLessThanOrEqual(2)
        if (body.next === null) break
        cursor = `&cursor=${body.next}`
      }
      expect(seen, path).toEqual(whole.items)
    }
  })

  test('a cursor of another list, a made-up one, and limits that cannot be', async () => {
    const { body } = await ask('GET', '/v1/resources?limit=1')
    for (const query of [
      `cursor=${body.next}`,
      'cursor=x',
      `cursor=${Buffer.from('categories 1 2').toString('base64url')}`,
      `cursor=${Buffer.from("categories 1'").toString('base64url')}`,
      'limit=0',
      'limit=201',
      'limit=1.5',
      'limit=x',
      'limit=',
      'limits=5',
    ]) {
      const answer = await ask('GET', `/v1/categories?${query}`)
      expect([answer.status, typeof answer.body['rule']], query).toEqual([422, 'string'])
    }
    expect((await ask('GET', '/v1/categories?limit=1&limit=2')).status).toBe(400)
  })
})

test('what exists is shown by the fields that are declared: the secrets of a resource are not', async () => {
  const dkim = { dkim_domain: 'acme.example', dkim_selector: 's', dkim_private_key: 'PRIVATE' }
  await db.updateTable('resource').set(dkim).where('id', '=', acme).execute()
  const { body } = await ask('GET', '/v1/resources/acme')
  expect(body).toMatchObject({ key: 'acme', fromAddress: 'news@acme.example' })
  expect(JSON.stringify(body)).not.toContain('PRIVATE')
})

test('Temporal away: the campaign is recorded, and the answer says that it must be asked again', async () => {
  const body = { key: 'later', resource: 'acme', categories: [news.key], content, sendAt: '2999-01-31T09:00:00+01:00' }
  const { status, body: problem } = await ask('POST', '/v1/campaigns', {
    body,
    headers: { 'Idempotency-Key': 'later' },
  })
  expect([status, problem['type']]).toEqual([503, 'urn:addressee:problem:unavailable'])
  expect(await db.selectFrom('api_answer').select('status').execute()).toEqual([])
  expect((await ask('GET', '/v1/campaigns/later')).body).toMatchObject({
    state: 'scheduled',
    sendAt: '2999-01-31T08:00:00.000Z',
  })
})
