import { expect, test } from 'vitest'
import { startUnsubscribe } from '../../db/pending-unsubscribe.ts'
import { createTestApi } from '../setup/api.ts'
import { createDatabase } from '../setup/database.ts'
import { clicked, pendingsOf, seedDelayed } from '../setup/delayed.ts'
import type { SentMessage } from '../setup/unsubscribe-seed.ts'

const { db } = await createDatabase()
const { ask, newKey } = await createTestApi(db)

async function running(options: Parameters<typeof seedDelayed>[1] = {}): Promise<SentMessage & { id: string }> {
  const sent = await seedDelayed(db, options)
  const { contactId, campaignId } = sent
  const { started } = await startUnsubscribe(db, { contactId, campaignId, scope: 'unsubscribe' }, clicked)
  return { ...sent, id: [...started][0] as string }
}

const decide = (id: string, wish: string, key?: string) =>
  ask('POST', `/v1/unsubscribes/${id}/${wish}`, { body: {}, ...(key !== undefined && { key }) })

test('what runs of a contact is listed, confirmed once, and gone from the list', async () => {
  const { id, contactId, resourceId } = await running()
  const { body } = await ask('GET', `/v1/unsubscribes?contactId=${contactId}`)
  expect(body).toEqual({
    items: [
      {
        id,
        contactId,
        dueAt: expect.stringMatching(/Z$/),
        resource: expect.stringMatching(/^resource-/),
        category: expect.stringMatching(/^category-/),
      },
    ],
    next: null,
  })
  expect((await decide(id, 'confirm')).body).toEqual({ id, state: 'confirmed', changed: true })
  expect((await decide(id, 'cancel')).body).toEqual({ id, state: 'confirmed', changed: false })
  expect((await ask('GET', `/v1/unsubscribes?contactId=${contactId}`)).body.items).toEqual([])
  expect(await pendingsOf(db, resourceId)).toMatchObject([{ state: 'confirmed', settled_through: 'api' }])
  const event = db
    .selectFrom('consent_event')
    .select(['action', 'through', 'actor'])
    .where('contact_id', '=', contactId)
  expect(await event.execute()).toEqual([{ action: 'unsubscribed', through: 'api', actor: 'admin' }])
})

test('one that is cancelled leaves the subscription as it was', async () => {
  const { id, contactId, categories } = await running()
  expect((await decide(id, 'cancel')).body).toEqual({ id, state: 'cancelled', changed: true })
  expect((await decide(id, 'confirm')).body).toEqual({ id, state: 'cancelled', changed: false })
  const { body } = await ask('GET', `/v1/subscriptions?contactId=${contactId}`)
  expect(body.items.filter(({ categoryId }) => categoryId === categories[0]?.id)).toMatchObject([
    { status: 'subscribed' },
  ])
})

test('all of them come in pages by id', async () => {
  const ids = [(await running()).id, (await running()).id, (await running()).id]
  const first = await ask('GET', '/v1/unsubscribes?limit=2')
  const second = await ask('GET', `/v1/unsubscribes?limit=2&cursor=${first.body.next}`)
  expect([...first.body.items, ...second.body.items].map(({ id }) => id)).toEqual(ids)
  expect(second.body.next).toBeNull()
})

test('a key with an access group sees and decides those of its resources alone', async () => {
  const [own, hidden] = [await running(), await running()]
  await db.updateTable('resource').set({ access_group: 'agency' }).where('id', '=', own.resourceId).execute()
  const key = await newKey({ accessGroup: 'agency', scopes: ['subscriptions:write'] })
  expect((await ask('GET', '/v1/unsubscribes', { key })).body.items.map(({ id }) => id)).toEqual([own.id])
  const ofHidden = await ask('GET', `/v1/unsubscribes?contactId=${hidden.contactId}`, { key })
  expect(ofHidden.body.items).toEqual([])
  for (const wish of ['confirm', 'cancel']) expect((await decide(hidden.id, wish, key)).status).toBe(404)
  expect(await pendingsOf(db, hidden.resourceId)).toMatchObject([{ state: 'pending' }])
  expect((await decide(own.id, 'cancel', key)).status).toBe(200)
})

test('none of that id is 404, and to decide takes the scope', async () => {
  expect((await decide('424242', 'confirm')).status).toBe(404)
  expect((await decide('x', 'confirm')).status).toBe(422)
  const key = await newKey({ scopes: ['read', 'campaigns:write'] })
  expect((await decide((await running()).id, 'confirm', key)).status).toBe(403)
})
