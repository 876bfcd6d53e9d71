import { expect, test } from 'vitest'
import { recordConsent } from '../../db/consent.ts'
import { createTestApi } from '../setup/api.ts'
import { createDatabase } from '../setup/database.ts'
import { seedContact, seedResource } from '../setup/seed.ts'

// Temporal is away: webhooks are made, changed and asked about nevertheless.

const { db } = await createDatabase()
const { ask, newKey, addressee } = await createTestApi(db)
const acme = await seedResource(db, 'acme')
const url = 'https://shop.example.com/hook'
const change = async () =>
  recordConsent(db, [{ contact_id: await seedContact(db), action: 'opted_in', through: 'api' }])

test('one is created with its secret, shown without it, changed and removed', async () => {
  const created = await ask('POST', '/v1/webhooks', { body: { url, kinds: ['campaign.finished'], resource: acme } })
  expect(created.body).toMatchObject({
    url,
    kinds: ['campaign.finished'],
    resource: 'acme',
    secret: expect.stringMatching(/^whsec_/),
    warnings: [expect.stringContaining('Temporal does not answer')],
  })
  const path = `/v1/webhooks/${created.body.id}`
  const { secret: _secret, warnings: _warnings, ...shown } = created.body
  expect((await ask('GET', path)).body).toEqual(shown)
  expect((await ask('GET', '/v1/webhooks')).body).toEqual({ items: [shown] })
  const patched = await ask('PATCH', path, { body: { resource: null, description: 'the shop' } })
  expect(patched.body).toEqual({ ...shown, resource: null, description: 'the shop' })
  expect((await ask('PATCH', path, { body: { url: 'http://10.0.0.1/' } })).body).toMatchObject({ field: 'url' })
  expect((await ask('PATCH', path, { body: { resource: 'nowhere' } })).status).toBe(404)
  const rotated = await ask('POST', `${path}/rotate-secret`, { body: {} })
  expect(rotated.body['secret']).toMatch(/^whsec_/)
  expect(rotated.body['secret']).not.toBe(created.body['secret'])
  expect((await ask('POST', `${path}/disable`, { body: {} })).body).toMatchObject({
    disabledReason: 'disabled by admin',
  })
  expect((await ask('POST', `${path}/enable`, { body: {} })).body).toMatchObject({ disabledAt: null })
  expect((await ask('DELETE', path)).status).toBe(204)
  for (const [method, rest] of [
    ['GET', ''],
    ['DELETE', ''],
    ['GET', '/deliveries'],
  ] as const)
    expect((await ask(method, `${path}${rest}`)).status).toBe(404)
  expect((await ask('GET', '/v1/webhooks/x')).status).toBe(422)
})

test('asked for once more with its idempotency key, the secret is not told again, and nobody keeps it', async () => {
  const once = { body: { url }, headers: { 'Idempotency-Key': 'one-webhook' } }
  const [first, again] = [await ask('POST', '/v1/webhooks', once), await ask('POST', '/v1/webhooks', once)]
  const { secret, ...rest } = first.body
  expect(secret).toMatch(/^whsec_/)
  expect(again.body).toEqual(rest)
  const kept = await db.selectFrom('api_answer').select('body').execute()
  expect(kept.map(({ body }) => body).join()).not.toContain('whsec_')
})

test('deliveries come in pages, the latest first, and are replayed', async () => {
  const { id } = await addressee.webhooks.create({ url })
  await addressee.webhooks.create({ url: `${url}/other` })
  for (let each = 0; each < 3; each += 1) await change()
  const path = `/v1/webhooks/${id}`
  const first = await ask('GET', `${path}/deliveries?limit=2`)
  const second = await ask('GET', `${path}/deliveries?limit=2&cursor=${first.body.next}`)
  const all = [...first.body.items, ...second.body.items].map(({ eventId }) => Number(eventId))
  expect(all).toHaveLength(3)
  expect(all).toEqual(all.toSorted((a, b) => b - a))
  expect(first.body.items[0]).toMatchObject({ kind: 'subscription.changed', state: 'pending', attempts: 0 })
  expect(second.body.next).toBeNull()
  expect((await ask('GET', `${path}/deliveries?state=failed`)).body.items).toEqual([])
  const replay = (body: object) => ask('POST', `${path}/replay`, { body })
  expect((await replay({ event: String(all[0]) })).body).toEqual({ replayed: 1 })
  expect((await replay({ since: '2020-01-01T00:00:00Z' })).body).toEqual({ replayed: 3 })
  expect((await replay({ event: '424242' })).body).toMatchObject({ status: 422, field: 'event' })
  for (const body of [{}, { since: 'yesterday' }, { since: '2020-01-01T00:00:00Z', event: '1' }])
    expect((await replay(body)).status).toBe(422)
})

test('they concern the whole installation: a key with an access group, or without admin, gets 403', async () => {
  const { id } = await addressee.webhooks.create({ url })
  const keys = [await newKey({ accessGroup: 'agency' }), await newKey({ scopes: ['campaigns:write'] })]
  for (const key of keys)
    for (const [method, path] of [
      ['GET', ''],
      ['POST', ''],
      ['GET', `/${id}`],
      ['PATCH', `/${id}`],
      ['DELETE', `/${id}`],
      ['POST', `/${id}/enable`],
      ['POST', `/${id}/disable`],
      ['POST', `/${id}/rotate-secret`],
      ['GET', `/${id}/deliveries`],
      ['POST', `/${id}/replay`],
    ] as const)
      expect(
        (await ask(method, `/v1/webhooks${path}`, { key, ...(method === 'POST' && { body: {} }) })).status,
        path,
      ).toBe(403)
})
