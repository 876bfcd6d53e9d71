import { expect, test } from 'vitest'
import { createTestApi, seedReachable } from '../setup/api.ts'
import { createDatabase } from '../setup/database.ts'
import { seedCampaign, seedCategory, seedResource } from '../setup/seed.ts'
import { seedSent } from '../setup/unsubscribe-seed.ts'

const { db } = await createDatabase()
const { ask, newKey, addressee } = await createTestApi(db)
const acme = await seedResource(db, 'acme')
const news = await seedCategory(db, acme)
const agencyResource = await seedResource(db, 'agency')
await db.updateTable('resource').set({ access_group: 'agency' }).where('id', '=', agencyResource).execute()
const agencyNews = await seedCategory(db, agencyResource)

const content = { en: { subject: 'Hello', text: 'Hello {{ unsubscribe_url }}' } }

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

test('a resource that the key creates is of its group, and stays in it', async () => {
  const key = await newKey({ accessGroup: 'agency' })
  const named = (key: string) => ({
    key,
    name: 'Own',
    fromName: 'Own',
    fromAddress: 'news@acme.example',
    listLabel: 'Own',
    // That of a resource of somebody else, of which nothing is told.
    listId: 'news.acme.example',
  })
  await db.updateTable('resource').set({ access_group: 'studio' }).where('id', '=', agencyResource).execute()
  const create = (body: object) => ask('POST', '/v1/resources', { key, body })
  const { body } = await create(named('mine'))
  expect(body).toMatchObject({ key: 'mine', created: true })
  expect(JSON.stringify(body['warnings'])).not.toContain('also that of')
  expect((await create(named('mine'))).body).toMatchObject({ created: false })
  expect((await create({ ...named('explicit'), accessGroup: 'agency' })).body).toMatchObject({ created: true })
  expect((await create({ ...named('foreign'), accessGroup: 'studio' })).status).toBe(403)
  expect((await ask('GET', '/v1/resources/foreign')).status).toBe(404)
  const taken = await create(named('acme'))
  expect([taken.status, taken.body.id]).toEqual([409, undefined])
  const patch = (body: object) => ask('PATCH', '/v1/resources/mine', { key, body })
  for (const accessGroup of ['studio', null]) expect((await patch({ accessGroup })).status).toBe(403)
  const patched = await patch({ accessGroup: 'agency', name: 'Mine' })
  expect(patched.body).toMatchObject({ accessGroup: 'agency', name: 'Mine' })
  expect(JSON.stringify(patched.body['warnings'])).toContain('also that of explicit:')
  const clone = await ask('POST', '/v1/resources/mine/clone', { key, body: { key: 'mine-too' } })
  expect(clone.body).toMatchObject({ accessGroup: 'agency' })
  expect((await ask('DELETE', '/v1/resources/mine-too', { key })).status).toBe(204)
  await db.updateTable('resource').set({ access_group: 'agency' }).where('id', '=', agencyResource).execute()
})

test('nothing of what others have is changed, counted, emptied or deleted', async () => {
  const key = await newKey({ accessGroup: 'agency' })
  const contactId = await seedReachable(db, 'seen@example.com')
  const forms: [method: string, path: string, body?: object][] = [
    ['PATCH', '/v1/resources/acme', { name: 'Mine' }],
    ['DELETE', '/v1/resources/acme'],
    ['POST', '/v1/resources/acme/clone', { key: 'stolen' }],
    ['POST', '/v1/resources/acme/token/rotate', {}],
    ['GET', '/v1/resources/acme/subscribers'],
    ['GET', '/v1/resources/acme/fields'],
    ['PUT', '/v1/resources/acme/fields/size', { name: 'Size', type: 'integer' }],
    ['DELETE', '/v1/resources/acme/fields/size'],
    ['PATCH', '/v1/subscription-fields', { contactId, resource: 'acme', fields: {} }],
    ['PATCH', `/v1/categories/${news.key}`, { title: 'Mine' }],
    ['DELETE', `/v1/categories/${news.key}`],
    ['POST', `/v1/categories/${news.key}/archive`, {}],
    ['POST', `/v1/categories/${news.key}/unarchive`, {}],
    ['POST', `/v1/categories/${news.key}/empty`, {}],
    ['POST', `/v1/categories/${news.key}/exclude`, { contactId }],
  ]
  const before = [await addressee.resources.get('acme'), await addressee.categories.get(news.key)]
  for (const [method, path, body] of forms)
    expect((await ask(method, path, { key, ...(body && { body }) })).status, `${method} ${path}`).toBe(404)
  expect([await addressee.resources.get('acme'), await addressee.categories.get(news.key)]).toEqual(before)
})
