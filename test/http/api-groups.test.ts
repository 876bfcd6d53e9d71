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
