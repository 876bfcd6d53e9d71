import { describe, expect, test } from 'vitest'
import { createTestApi, seedReachable } from '../setup/api.ts'
import { createDatabase } from '../setup/database.ts'
import { rsaKey } from '../setup/dkim-keys.ts'
import { seedCategory, seedContact, seedResource } from '../setup/seed.ts'

const { db } = await createDatabase()
const { ask, addressee, newKey } = await createTestApi(db)

const named = (key: string) => ({
  key,
  name: 'Acme',
  fromName: 'Acme',
  fromAddress: 'news@acme.example',
  listLabel: 'Acme',
  listId: `${key}.acme.example`,
})
const create = (key: string, more: object = {}) => ask('POST', '/v1/resources', { body: { ...named(key), ...more } })

describe('resources', () => {
  const everything = {
    description: 'Two\nlines',
    siteUrls: ['https://acme.example'],
    contactSources: ['fair'],
    trackingDomain: 'links.acme.example',
    replyToName: 'Ada',
    replyTo: 'ada@acme.example',
    listUnsubscribe: false,
    calledUrl: 'https://acme.example/called',
    unsubscribeMode: 'delayed',
    unsubscribeTimerSeconds: 60,
    unsubscribePageUrl: 'https://acme.example/bye?smid={send_message_id}',
    prohibitedReason: 'By law',
    frequencyPolicy: [{ messages: 3, days: 7 }],
    raisesNewAddresses: true,
    colour: '#aabbcc',
    channels: { email: {}, sms: { callerId: 'ACME' } },
  }

  test('one is created with all settings and shown with them, without key and token', async () => {
    const dkim = { domain: 'acme.example', selector: 's1', privateKey: rsaKey().privateKey }
    expect((await create('full', { ...everything, dkim })).body).toMatchObject({ key: 'full', created: true })
    const { body } = await ask('GET', '/v1/resources/full')
    expect(body).toMatchObject({ ...named('full'), ...everything, dkimDomain: 'acme.example', dkimSelector: 's1' })
    expect(Object.keys(body).filter((name) => /token|privateKey|^dkim$/i.test(name))).toEqual([])
    const token = await addressee.resources.token('full')
    for (const path of ['/v1/resources', '/v1/resources/full'])
      expect(JSON.stringify((await ask('GET', path)).body)).not.toMatch(new RegExp(`PRIVATE KEY|${token}`))
  })

  test('a patch changes what it names, clears what is null, and leaves the rest', async () => {
    const patch = { name: 'Other', description: null, frequencyPolicy: null }
    const { status, body } = await ask('PATCH', '/v1/resources/full', { body: patch })
    expect(status).toBe(200)
    expect(body).toMatchObject({ ...named('full'), ...everything, ...patch, dkimDomain: 'acme.example' })
    expect((await ask('PATCH', '/v1/resources/full', { body: {} })).body).toMatchObject({ ...everything, ...patch })
  })

  test('a bad value is refused with its field, and nothing is changed', async () => {
    for (const [body, field] of [
      [{ key: 'other' }, 'key'],
      [{ nmae: 'x' }, 'nmae'],
      [{ colour: 'red' }, 'colour'],
      [{ unsubscribeMode: 'never' }, 'unsubscribeMode'],
      [{ unsubscribeTimerSeconds: 1801 }, 'unsubscribeTimerSeconds'],
      [{ channels: { sms: {} } }, 'channels.sms.callerId'],
      [{ dkim: { domain: 'a.example', selector: 's', privateKey: 'x' } }, 'dkim.privateKey'],
    ] as const) {
      const answer = await ask('PATCH', '/v1/resources/full', { body })
      expect([answer.status, answer.body['field']]).toEqual([422, field])
    }
    const unknown = await create('typo', { dkim: { domain: 'a.example', selector: 's', privateKye: 'x' } })
    expect(unknown.status).toBe(422)
    expect((await ask('GET', '/v1/resources/full')).body).toMatchObject({ name: 'Other', colour: '#aabbcc' })
  })

  test('one is cloned, gets another token, and is deleted for good', async () => {
    const clone = await ask('POST', '/v1/resources/full/clone', { body: { key: 'copy' } })
    expect(clone.body).toMatchObject({ key: 'copy', name: 'Other', colour: '#aabbcc', dkimDomain: null })
    expect((await ask('POST', '/v1/resources/full/clone', { body: { key: 'copy' } })).status).toBe(422)
    const before = await addressee.resources.token('copy')
    const { body } = await ask('POST', '/v1/resources/copy/token/rotate', { body: {} })
    expect(body['token']).not.toBe(before)
    expect(body['token']).toBe(await addressee.resources.token('copy'))
    expect((await ask('DELETE', '/v1/resources/copy')).status).toBe(204)
    expect((await ask('GET', '/v1/resources/copy')).status).toBe(404)
    expect((await ask('DELETE', '/v1/resources/copy')).status).toBe(404)
    expect((await create('copy')).body).toMatchObject({ status: 422, field: 'key' })
  })

  test('subscribers come in pages', async () => {
    const resourceId = await seedResource(db, 'read')
    const { id, key } = await seedCategory(db, resourceId)
    const all = []
    for (let each = 0; each < 5; each += 1)
      all.push(await seedContact(db, { subscriptions: { [id]: each === 0 ? 'unsubscribed' : 'subscribed' } }))
    const found: unknown[] = []
    let next: string | null = ''
    while (next !== null) {
      const cursor = next === '' ? '' : `&cursor=${next}`
      const { body } = await ask('GET', `/v1/resources/read/subscribers?limit=2${cursor}`)
      found.push(...body.items.map(({ contactId, category, status }) => [contactId, category, status]))
      next = body.next
    }
    expect(found).toEqual(all.map((id, at) => [id, key, at === 0 ? 'unsubscribed' : 'subscribed']))
    expect((await ask('GET', '/v1/resources/read/subscribers?cursor=x')).body['field']).toBe('cursor')
    expect((await ask('GET', '/v1/resources/read/subscribers?channel=pigeon')).status).toBe(422)
  })
})

describe('categories', () => {
  test('one is created, changed, archived, unarchived and deleted', async () => {
    await seedResource(db, 'kinds')
    const settings = {
      title: 'News',
      description: 'What is new',
      purpose: 'Marketing',
      communicationMethod: 'Email',
      isDefault: true,
      isInternal: true,
      isRequired: true,
      isListed: false,
      doubleOptIn: true,
      channels: ['email'],
      frequencyPolicy: [{ messages: 1, hours: 12 }],
    }
    const created = await ask('POST', '/v1/categories', { body: { ...settings, resource: 'kinds', key: 'k-news' } })
    expect(created.body).toMatchObject({ key: 'k-news', created: true })
    expect((await ask('GET', '/v1/categories/k-news')).body).toMatchObject({
      ...settings,
      resource: 'kinds',
      subscribed: 0,
    })
    const patched = await ask('PATCH', '/v1/categories/k-news', { body: { title: 'Other', purpose: null } })
    expect(patched.body).toMatchObject({ ...settings, title: 'Other', purpose: null, archivedAt: null })
    expect((await ask('PATCH', '/v1/categories/k-news', { body: { consent: 'opt_out' } })).body['field']).toBe(
      'consent',
    )
    const archived = await ask('POST', '/v1/categories/k-news/archive', { body: {} })
    expect(archived.body['archivedAt']).toMatch(/Z$/)
    const listed = async (query: string) =>
      (await ask('GET', `/v1/categories?resource=kinds${query}`)).body.items.map(({ key }) => key)
    expect([await listed(''), await listed('&archived=true')]).toEqual([[], ['k-news']])
    expect((await ask('POST', '/v1/categories/k-news/unarchive', { body: {} })).body['archivedAt']).toBeNull()
    expect((await ask('DELETE', '/v1/categories/k-news')).status).toBe(204)
    expect((await ask('GET', '/v1/categories/k-news')).status).toBe(404)
    expect(await listed('&archived=true')).toEqual([])
  })

  test('contacts are taken out, one or all, by the name of the key', async () => {
    const { id, key } = await seedCategory(db, await seedResource(db))
    const numbered = await seedContact(db, { subscriptions: { [id]: 'subscribed' } })
    const other = await seedContact(db, { subscriptions: { [id]: 'subscribed' } })
    // An external id that looks like an id does not mislead who says contactId.
    await db.updateTable('contact').set({ external_id: numbered }).where('id', '=', other).execute()
    const path = `/v1/categories/${key}`
    const exclude = (body: object) => ask('POST', `${path}/exclude`, { body })
    expect((await exclude({ contactId: numbered })).body).toEqual({ excluded: 1 })
    expect((await ask('GET', path)).body['subscribed']).toBe(1)
    expect((await exclude({})).body).toMatchObject({ status: 422 })
    expect((await exclude({ contactId: '424242' })).status).toBe(422)
    expect((await ask('POST', `${path}/empty`, { body: {} })).body).toEqual({ excluded: 1 })
    const events = db
      .selectFrom('consent_event')
      .select(['contact_id', 'actor', 'through'])
      .where('category_id', '=', id)
    expect(await events.orderBy('id').execute()).toEqual([
      { contact_id: numbered, actor: 'admin', through: 'api' },
      { contact_id: other, actor: 'admin', through: 'api' },
    ])
  })
})

describe('custom fields', () => {
  const path = '/v1/resources/fields-of/fields'

  test('one is defined, defined again, shown and removed', async () => {
    await seedResource(db, 'fields-of')
    const body = { name: 'Shoe size', type: 'integer', defaultValue: 38 }
    const first = await ask('PUT', `${path}/shoe_size`, { body })
    expect(first.body).toMatchObject({ key: 'shoe_size', channel: 'email', ...body, isRequired: false })
    const second = await ask('PUT', `${path}/shoe_size`, { body: { name: 'Size', type: 'integer', isListed: true } })
    expect(second.body).toMatchObject({ id: first.body.id, name: 'Size', defaultValue: null, isListed: true })
    const retyped = await ask('PUT', `${path}/shoe_size`, { body: { ...body, type: 'line', defaultValue: 'x' } })
    expect([retyped.status, retyped.body['field']]).toEqual([422, 'type'])
    expect((await ask('PUT', `${path}/pager?channel=sms`, { body })).body['field']).toBe('channel')
    expect((await ask('PUT', `${path}/1st`, { body })).body['field']).toBe('key')
    expect((await ask('GET', path)).body.items).toEqual([second.body])
    expect((await ask('GET', `${path}?channel=sms`)).body.items).toEqual([])
    expect((await ask('DELETE', `${path}/shoe_size`)).status).toBe(204)
    expect((await ask('DELETE', `${path}/shoe_size`)).status).toBe(404)
  })

  test('those of a subscription are set at the address that names the contact', async () => {
    const contactId = await seedReachable(db, 'ada@example.com')
    await ask('PUT', `${path}/size`, { body: { name: 'Size', type: 'integer' } })
    await ask('PUT', `${path}/city`, { body: { name: 'City', type: 'line', defaultValue: 'Kyiv' } })
    const set = (who: object, fields: object) =>
      ask('PATCH', '/v1/subscription-fields', { body: { ...who, resource: 'fields-of', fields } })
    expect((await set({ email: 'ADA@example.com' }, { size: 38 })).body).toEqual({ fields: { size: 38, city: 'Kyiv' } })
    expect((await set({ contactId }, { size: null })).body).toEqual({ fields: { city: 'Kyiv' } })
    expect((await set({ contactId }, { size: 'x' })).body).toMatchObject({ status: 422, field: 'fields.size' })
    expect((await set({ contactId }, { nothing: 1 })).body).toMatchObject({ status: 422, field: 'fields.nothing' })
    expect((await set({ contactId, address: 'b@example.com' }, {})).status).toBe(422)
    expect((await set({}, {})).status).toBe(422)
    const key = await newKey({ scopes: ['subscriptions:write'] })
    const body = { contactId, resource: 'fields-of', fields: {} }
    expect((await ask('PATCH', '/v1/subscription-fields', { key, body })).status).toBe(200)
  })
})
