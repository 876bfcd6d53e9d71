import { expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import type { Id } from '../../db/schema.ts'
import { unsubscribe } from '../../db/unsubscribe.ts'
import { createDatabase } from '../setup/database.ts'
import { act, claimsOf, seedSent } from '../setup/unsubscribe-seed.ts'

const { db } = await createDatabase()

const setCalledUrl = (resourceId: Id, called_url: string | null) =>
  db.updateTable('resource').set({ called_url }).where('id', '=', resourceId).execute()

const webhooksOf = (resourceId: Id) =>
  db.selectFrom('webhook').selectAll().where('resource_id', '=', resourceId).execute()

const waitingFor = async (db: Db, resourceId: Id): Promise<unknown[]> =>
  db
    .selectFrom('webhook_delivery as d')
    .innerJoin('webhook as w', 'w.id', 'd.webhook_id')
    .innerJoin('event as e', 'e.id', 'd.event_id')
    .select('e.kind')
    .where('w.resource_id', '=', resourceId)
    .execute()

test('a one-click unsubscribe is told once, whatever its categories; one on the page is not', async () => {
  const sent = await seedSent(db, { titles: ['News', 'Offers'] })
  await setCalledUrl(sent.resourceId, 'https://shop.example/called')
  const [webhook] = await webhooksOf(sent.resourceId)
  expect(webhook).toMatchObject({
    url: 'https://shop.example/called',
    through: 'one_click',
    kinds: ['channel.unsubscribed'],
  })
  expect(Buffer.from(webhook?.secrets[0]?.replace('whsec_', '') ?? '', 'base64')).toHaveLength(32)
  await unsubscribe(db, claimsOf(sent), act)
  expect(await waitingFor(db, sent.resourceId)).toEqual([{ kind: 'channel.unsubscribed' }])

  const onPage = await seedSent(db)
  await setCalledUrl(onPage.resourceId, 'https://shop.example/called')
  await unsubscribe(db, claimsOf(onPage), { ...act, through: 'page', wording: 'en-1' })
  expect(await waitingFor(db, onPage.resourceId)).toEqual([])
})

test('it follows the resource: another URL, none, the end of the resource', async () => {
  const { resourceId } = await seedSent(db)
  await setCalledUrl(resourceId, 'https://shop.example/one')
  const [first] = await webhooksOf(resourceId)
  await db.updateTable('webhook').set({ disabled_at: new Date(), disabled_reason: 'gone' }).execute()
  await setCalledUrl(resourceId, 'https://shop.example/one')
  expect((await webhooksOf(resourceId))[0]).toMatchObject({ disabled_reason: 'gone' })
  // Another URL is another chance, with the secret that the receiver knows.
  await setCalledUrl(resourceId, 'https://shop.example/two')
  expect(await webhooksOf(resourceId)).toMatchObject([
    { id: first?.id, url: 'https://shop.example/two', secrets: first?.secrets, disabled_at: null },
  ])
  await setCalledUrl(resourceId, null)
  expect(await webhooksOf(resourceId)).toEqual([])
  await setCalledUrl(resourceId, 'https://shop.example/three')
  await db.updateTable('resource').set({ deleted_at: new Date() }).where('id', '=', resourceId).execute()
  expect(await webhooksOf(resourceId)).toEqual([])
})

test('a resource that is created with a called URL has its webhook at once', async () => {
  const { id } = await db
    .insertInto('resource')
    .values({
      key: 'born',
      name: 'Born',
      from_name: 'Born',
      from_address: 'news@acme.example',
      list_label: 'Born',
      list_id: 'born.acme.example',
      called_url: 'https://shop.example/born',
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  expect(await webhooksOf(id)).toHaveLength(1)
})
