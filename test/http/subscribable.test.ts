import { expect, test } from 'vitest'
import { createTestApi, seedReachable } from '../setup/api.ts'
import { createDatabase } from '../setup/database.ts'
import { seedCategory, seedResource } from '../setup/seed.ts'

// Where nobody can subscribe, nobody does: by whatever way, and nothing is left behind.

const { db } = await createDatabase()
const { ask, addressee } = await createTestApi(db)
await seedResource(db, 'acme')
const { id: archived, key: archivedKey } = await seedCategory(db, await seedResource(db, 'shop'))
await addressee.categories.archive(archivedKey)
const choosy = await seedResource(db, 'choosy')
const { id: chosen, key: chosenKey } = await seedCategory(db, choosy)
await addressee.resources.update('choosy', { contactSources: ['fair', 'api'] })

const subscribe = (contactId: string, category: string) =>
  ask('PUT', '/v1/subscriptions', { body: { contactId, category } })
const hubSpot = (emailAddress: string, subscriptionId: string) =>
  ask('POST', '/communication-preferences/v3/subscribe', { body: { emailAddress, subscriptionId } })
const told = () => db.selectFrom('consent_event').select('id').execute()
const people = () => db.selectFrom('contact').select('id').execute()

test('an archived category takes nobody, and does again when it is unarchived', async () => {
  const contactId = await seedReachable(db, 'ada@example.com')
  const before = await told()
  const { status, body } = await subscribe(contactId, archivedKey)
  expect([status, body['field'], body['rule']]).toEqual([422, 'category', `category ${archivedKey} is archived`])
  expect(body['remedy']).toMatch(/Unarchive/)
  const answer = await hubSpot('ada@example.com', archived)
  expect([answer.status, answer.body]).toMatchObject([400, { category: 'VALIDATION_ERROR' }])
  expect(answer.body['message']).toContain('is archived')
  expect(await told()).toEqual(before)
  await addressee.categories.unarchive(archivedKey)
  expect((await subscribe(contactId, archivedKey)).status).toBe(200)
  await addressee.categories.archive(archivedKey)
  expect((await subscribe(contactId, archivedKey)).status, 'also one who is subscribed already').toBe(422)
})

test('whoever is refused can still unsubscribe', async () => {
  const contactId = await seedReachable(db, 'bob@example.com')
  const { status, body } = await ask('DELETE', `/v1/subscriptions?contactId=${contactId}&category=${archivedKey}`)
  expect([status, body['status']]).toEqual([200, 'unsubscribed'])
})

test('a resource that names sources takes their contacts, and nobody of another or an unknown one', async () => {
  const contactId = await seedReachable(db, 'cem@example.com')
  const setSource = (source: string | null) =>
    db.updateTable('contact').set({ source }).where('id', '=', contactId).execute()
  for (const source of [null, 'shop', 'Fair']) {
    await setSource(source)
    const { status, body } = await subscribe(contactId, chosenKey)
    expect([status, body['field'], body['rule']]).toEqual([
      422,
      'contact',
      'comes from a source that resource choosy does not take',
    ])
    expect((await hubSpot('cem@example.com', chosen)).status).toBe(400)
  }
  await setSource('fair')
  expect((await subscribe(contactId, chosenKey)).body).toMatchObject({ status: 'subscribed' })
})

test('with double opt-in nobody is asked either', async () => {
  const contactId = await seedReachable(db, 'dee@example.com')
  const { key } = await addressee.categories.create({ resource: 'choosy', title: 'Asked', doubleOptIn: true })
  expect((await subscribe(contactId, key)).status).toBe(422)
  expect(await db.selectFrom('opt_in_request').select('id').execute()).toEqual([])
})

test('HubSpot creates a contact where it may subscribe, and nobody where it may not', async () => {
  const before = await people()
  expect((await hubSpot('new@example.com', archived)).status).toBe(400)
  await addressee.resources.update('choosy', { contactSources: ['fair'] })
  expect((await hubSpot('new@example.com', chosen)).status).toBe(400)
  expect(await people()).toEqual(before)
  await addressee.resources.update('choosy', { contactSources: ['fair', 'api'] })
  expect((await hubSpot('new@example.com', chosen)).status).toBe(200)
  expect(await people()).toHaveLength(before.length + 1)
})

test('a deleted category is not there, nor one of a deleted resource', async () => {
  const contactId = await seedReachable(db, 'eve@example.com')
  const { key, id } = await seedCategory(db, await seedResource(db, 'gone'))
  await addressee.resources.delete('gone')
  expect((await subscribe(contactId, key)).status).toBe(404)
  expect((await hubSpot('eve@example.com', id)).status).toBe(404)
})
