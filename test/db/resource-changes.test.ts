import { beforeAll, describe, expect, test } from 'vitest'
import { Addressee } from '../../client/addressee.ts'
import type { Db } from '../../db/connect.ts'
import { resourceById } from '../../db/resources.ts'
import type { NewResource } from '../../domain/resource-settings.ts'
import { atEnd } from '../setup/at-end.ts'
import { createDatabase } from '../setup/database.ts'
import { rsaKey } from '../setup/dkim-keys.ts'
import { seedContact } from '../setup/seed.ts'

let db: Db
let addressee: Addressee

beforeAll(async () => {
  const database = await createDatabase()
  db = database.db
  addressee = new Addressee({ databaseUrl: database.url })
  atEnd(() => addressee.close())
})

const everything = (key: string): NewResource => ({
  key,
  name: 'Acme',
  description: 'Everything about Acme.\nTwice a week.',
  accessGroup: 'shops',
  siteUrls: ['https://acme.example/', 'http://shop.acme.example/in'],
  contactSources: ['shop', 'fair'],
  trackingDomain: 'links.acme.example',
  fromName: 'Acme',
  fromAddress: 'news@acme.example',
  replyToName: 'Acme Help',
  replyTo: 'help@acme.example',
  listLabel: 'Acme News',
  listId: `${key}.acme.example`,
  listUnsubscribe: false,
  calledUrl: 'https://acme.example/called',
  unsubscribeMode: 'delayed',
  unsubscribeTimerSeconds: 600,
  unsubscribePageUrl: 'https://acme.example/bye?smid={send_message_id}&rtoken={resource_token}',
  prohibitedReason: 'It is a receipt.',
  frequencyPolicy: [
    { messages: 3, days: 7 },
    { messages: 1, hours: 12 },
  ],
  raisesNewAddresses: true,
  colour: '#aa00ff',
  channels: { email: {}, sms: { callerId: 'ACME' }, 'custom:fax': { lines: 2 } },
})

const create = (key: string, changes: Partial<NewResource> = {}) =>
  addressee.resources.create({ ...everything(key), ...changes })

describe('a resource', () => {
  test('is read back as it was written, without its secrets', async () => {
    const { dkim: _none, ...written } = everything('whole')
    const { id } = await create('whole', { dkim: { domain: 'acme.example', selector: 's1', ...privateKey() } })
    const read = await addressee.resources.get('whole')
    expect(read).toEqual({
      ...written,
      id,
      dkimDomain: 'acme.example',
      dkimSelector: 's1',
      createdAt: expect.any(Date),
      updatedAt: expect.any(Date),
      deletedAt: null,
    })
    expect(await resourceById(db, id)).toEqual(read)
    expect(JSON.stringify(read)).not.toContain('PRIVATE')
    expect(JSON.stringify(await addressee.resources.list())).not.toContain(await addressee.resources.token('whole'))
  })

  test('of two creators at once is made once', async () => {
    const both = await Promise.all(Array.from({ length: 8 }, () => create('twice')))
    expect(both.filter(({ created }) => created)).toHaveLength(1)
    expect(new Set(both.map(({ id }) => id)).size).toBe(1)
  })

  test('warns when another has its List-ID', async () => {
    await create('first')
    const { warnings } = await create('second', { listId: 'FIRST.acme.example' })
    expect(warnings).toContain('listId first.acme.example is also that of first: mail clients take them for one list.')
    expect((await addressee.resources.update('first', { name: 'x' })).warnings.join()).toContain('that of second')
  })

  test('that there is not is named', async () => {
    await expect(addressee.resources.get('nowhere')).rejects.toThrow('resource: there is no resource nowhere')
    await expect(addressee.resources.update('nowhere', {})).rejects.toThrow('resource: there is no resource nowhere')
    await expect(addressee.resources.delete('nowhere')).rejects.toThrow('resource: there is no resource nowhere')
  })
})

describe('a change', () => {
  test('leaves what it does not name, the DKIM key too, and clears what it names as null', async () => {
    await create('changed', { dkim: { domain: 'acme.example', selector: 's1', ...privateKey() } })
    const before = await addressee.resources.get('changed')
    const { warnings: _warnings, ...after } = await addressee.resources.update('changed', {
      name: 'New',
      description: null,
      frequencyPolicy: null,
      contactSources: null,
      channels: { email: {}, viber: { connection: 'main', senderName: 'Acme' } },
    })
    expect(after).toEqual({
      ...before,
      name: 'New',
      description: null,
      frequencyPolicy: null,
      contactSources: null,
      channels: { email: {}, viber: { connection: 'main', senderName: 'Acme' } },
      updatedAt: expect.any(Date),
    })
    expect((await addressee.resources.update('changed', { dkim: null })).dkimDomain).toBeNull()
  })

  test('that is refused changes nothing', async () => {
    await create('firm')
    const before = await addressee.resources.get('firm')
    const wrong = { name: 'x', unsubscribeTimerSeconds: 31 * 60 }
    await expect(addressee.resources.update('firm', wrong)).rejects.toThrow('unsubscribeTimerSeconds: must be at most')
    await expect(addressee.resources.update('firm', { key: 'soft' } as object)).rejects.toThrow('key: is immutable')
    await expect(addressee.resources.update('firm', { nmae: 'x' } as object)).rejects.toThrow('nmae: is not a field')
    expect(await addressee.resources.get('firm')).toEqual(before)
  })

  test('beside another change of another field undoes nothing', async () => {
    await create('shared')
    const patches = [
      { name: 'A' },
      { description: 'B' },
      { colour: '#000000' },
      { listLabel: 'C' },
      { accessGroup: 'D' },
    ]
    await Promise.all(patches.map((patch) => addressee.resources.update('shared', patch)))
    expect(await addressee.resources.get('shared')).toMatchObject(Object.assign({}, ...patches))
  })
})

describe('a clone', () => {
  test('has settings, channels, fields and active categories, but nobody in them and no secret', async () => {
    await create('source', { dkim: { domain: 'acme.example', selector: 's1', ...privateKey() } })
    await addressee.fields.define('source', { key: 'size', name: 'Size', type: 'integer', defaultValue: 42 })
    const news = await addressee.categories.create({ resource: 'source', title: 'Кava news', purpose: 'Marketing' })
    const old = await addressee.categories.create({ resource: 'source', title: 'Old' })
    await addressee.categories.archive(old.key)
    await seedContact(db, { subscriptions: { [news.id]: 'subscribed' } })

    const clone = await addressee.resources.clone('source', { key: 'copy', name: 'Copy' })
    const source = await addressee.resources.get('source')
    const { warnings, ...settings } = clone
    expect(settings).toEqual({
      ...source,
      id: expect.not.stringMatching(`^${source.id}$`),
      key: 'copy',
      name: 'Copy',
      dkimDomain: null,
      dkimSelector: null,
      createdAt: expect.any(Date),
      updatedAt: expect.any(Date),
    })
    expect(warnings.join('\n')).toMatch(/No DKIM key[^]*is also that of source/)
    const categories = await addressee.categories.list({ resource: 'copy', includeArchived: true })
    expect(categories).toMatchObject([
      { title: 'Кava news', key: `${news.key}-2`, purpose: 'Marketing', subscribed: 0 },
    ])
    expect(await addressee.fields.list('copy')).toMatchObject([{ key: 'size', defaultValue: 42 }])
    expect((await addressee.resources.subscribers('copy')).subscribers).toEqual([])
    expect(await addressee.resources.token('copy')).not.toBe(await addressee.resources.token('source'))
  })

  test('under a key that is taken is refused, and leaves nothing', async () => {
    await create('taken')
    await addressee.categories.create({ resource: 'taken', title: 'Only once' })
    await expect(addressee.resources.clone('taken', { key: 'taken' })).rejects.toThrow('key: there is a resource taken')
    expect(await addressee.categories.list({ resource: 'taken' })).toHaveLength(1)
  })
})

describe('the token', () => {
  test('is made anew on demand', async () => {
    await create('tokened')
    const first = await addressee.resources.token('tokened')
    const second = await addressee.resources.rotateToken('tokened')
    expect(first).toMatch(/^[0-9a-f]{64}$/)
    expect(second).toMatch(/^[0-9a-f]{64}$/)
    expect(second).not.toBe(first)
    expect(await addressee.resources.token('tokened')).toBe(second)
  })
})

describe('the subscribers', () => {
  test('come in pages that miss nobody and repeat nobody', async () => {
    await create('paged')
    const a = await addressee.categories.create({ resource: 'paged', title: 'Paged A' })
    const b = await addressee.categories.create({ resource: 'paged', title: 'Paged B' })
    const other = await addressee.categories.create({ resource: 'shared', title: 'Not here' })
    const contacts: string[] = []
    for (let number = 0; number < 5; number += 1)
      contacts.push(
        await seedContact(db, {
          address: number === 4 ? null : `paged-${number}@example.com`,
          subscriptions: {
            [a.id]: 'subscribed',
            [other.id]: 'subscribed',
            ...(number % 2 === 0 && { [b.id]: 'unsubscribed' }),
          },
        }),
      )
    const seen = []
    let cursor: string | null = null
    do {
      const page = await addressee.resources.subscribers('paged', { limit: 3, ...(cursor !== null && { cursor }) })
      expect(page.subscribers.length).toBeLessThanOrEqual(3)
      seen.push(...page.subscribers)
      cursor = page.next
    } while (cursor !== null)
    expect(seen.map(({ contactId, category, status }) => [contactId, category, status])).toEqual(
      contacts.flatMap((id, number) => [
        [id, 'paged-a', 'subscribed'],
        ...(number % 2 === 0 ? [[id, 'paged-b', 'unsubscribed']] : []),
      ]),
    )
    expect(seen[0]).toEqual({
      contactId: contacts[0],
      externalId: null,
      address: 'paged-0@example.com',
      category: 'paged-a',
      status: 'subscribed',
      since: expect.any(Date),
    })
    expect(seen.at(-1)?.address).toBeNull()
    await expect(addressee.resources.subscribers('paged', { cursor: "1'-2" })).rejects.toThrow('cursor: is none')
  })
})

const privateKey = () => ({ privateKey: rsaKey().privateKey })
