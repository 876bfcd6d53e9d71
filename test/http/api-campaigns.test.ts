import { expect, test } from 'vitest'
import { createTestApi } from '../setup/api.ts'
import { eventually } from '../setup/eventually.ts'
import { createInstallation } from '../setup/installation.ts'
import { scriptedChannel } from '../setup/scripted-channel.ts'
import { seedCategory, seedContact, seedResource } from '../setup/seed.ts'

// Campaigns through the API, carried out by workers.

const installation = await createInstallation()
const { db, temporalAddress, namespace } = installation
const { ask, newKey } = await createTestApi(db, { temporal: { address: temporalAddress, namespace } })
const channel = scriptedChannel()
await installation.startWorkers(channel)
const category = await seedCategory(db, await seedResource(db, 'acme'))
for (let each = 0; each < 5; each += 1) await seedContact(db, { subscriptions: { [category.id]: 'subscribed' } })

const definition = (key: string) => ({
  key,
  resource: 'acme',
  categories: [category.key],
  content: { en: { subject: 'Hello', text: 'Hello {{ unsubscribe_url }}' } },
  sendAt: '2999-01-31T09:00:00Z',
})
const key = await newKey({ name: 'shop', scopes: ['campaigns:write'] })
const post = async (path: string, body: object = {}) => ask('POST', `/v1/campaigns${path}`, { key, body })

test('scheduled, rescheduled, paused, resumed, sent at once, and its ledger read in pages', async () => {
  const scheduled = await post('', definition('spring'))
  expect(scheduled.body).toMatchObject({ created: true, state: 'scheduled', warnings: [] })
  expect((await post('', definition('spring'))).body).toMatchObject({ created: false, id: scheduled.body.id })
  const later = await post('/spring/reschedule', { sendAt: '2999-02-01T00:00:00+02:00' })
  expect(later.body).toMatchObject({ sendAt: '2999-01-31T22:00:00.000Z' })
  const paused = await post(`/${scheduled.body.id}/pause`, { reason: 'a typing error' })
  expect(paused.body).toMatchObject({ state: 'paused', pausedBy: 'shop', pauseReason: 'a typing error', remaining: 0 })
  expect((await post('/spring/resume')).body).toMatchObject({ state: 'scheduled', pausedBy: null })
  expect((await post('/preview', definition('other'))).body).toMatchObject({ candidates: 5, audience: 5 })
  expect((await post('/spring/send-now')).status).toBe(200)
  await eventually(async () => {
    const { body } = await ask('GET', '/v1/campaigns/spring', { key })
    expect(body).toMatchObject({ state: 'finished', counts: { sent: 5 }, audience: 5 })
  })
  expect(channel.sent).toHaveLength(5)

  const first = (await ask('GET', '/v1/campaigns/spring/recipients?limit=3&state=sent', { key })).body
  const second = (await ask('GET', `/v1/campaigns/spring/recipients?limit=3&state=sent&cursor=${first.next}`, { key }))
    .body
  expect([...first.items, ...second.items].map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5])
  expect(second.next).toBeNull()
  const { contactId } = first.items[0] as { contactId: string }
  expect((await post('/spring/explain', { contactId })).body).toMatchObject({
    contactId,
    reason: null,
    recipient: { seq: 1, state: 'sent' },
  })
})

test('what a campaign that is over refuses, what a cancelled one leaves, and hours without an offset', async () => {
  await post('', definition('autumn'))
  expect((await post('/autumn/cancel', { reason: 'no stock' })).body).toMatchObject({ state: 'cancelled' })
  const { status, body } = await post('/autumn/resume')
  expect([status, body['type']]).toEqual([422, 'urn:addressee:problem:refused'])
  const local = await post('/autumn/reschedule', { sendAt: '2999-01-31T09:00:00' })
  expect([local.status, local.body['field']]).toEqual([422, 'sendAt'])
  const past = await post('', { ...definition('past'), sendAt: '2001-01-01T00:00:00Z' })
  expect([past.status, past.body['field']]).toEqual([422, 'sendAt'])
  const unknown = await post('', { ...definition('unknown'), categories: ['nothing'] })
  expect([unknown.status, unknown.body['field']]).toEqual([422, 'categories'])
})
