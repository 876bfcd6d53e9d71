import { beforeAll, describe, expect, test } from 'vitest'
import { Addressee } from '../../client/addressee.ts'
import type { Db } from '../../db/connect.ts'
import { scheduleCampaign } from '../../db/schedule-campaign.ts'
import { type CampaignDefinition, checkDefinition } from '../../domain/campaign-definition.ts'
import type { NewResource } from '../../domain/resource-settings.ts'
import { atEnd } from '../setup/at-end.ts'
import { createDatabase } from '../setup/database.ts'
import { seedContact } from '../setup/seed.ts'

let db: Db
let addressee: Addressee

beforeAll(async () => {
  const database = await createDatabase()
  db = database.db
  addressee = new Addressee({ databaseUrl: database.url })
  atEnd(() => addressee.close())
})

const create = (key: string, changes: Partial<NewResource> = {}) =>
  addressee.resources.create({
    key,
    name: 'Acme',
    fromName: 'Acme',
    fromAddress: 'news@acme.example',
    listLabel: 'Acme News',
    listId: 'news.acme.example',
    ...changes,
  })

const definition = (key: string, changes: Partial<CampaignDefinition>): CampaignDefinition => ({
  key,
  resource: 'nothing',
  content: { en: { subject: 'Hi', text: 'Hi' } },
  now: true,
  ...changes,
})
const schedule = (key: string, changes: Partial<CampaignDefinition>) =>
  scheduleCampaign(db, checkDefinition(definition(key, changes)))
const finish = (key: string) => db.updateTable('campaign').set({ state: 'finished' }).where('key', '=', key).execute()

describe('deleting', () => {
  test('keeps the key, the subscribers and the campaigns, and takes it out of use', async () => {
    await create('gone')
    const news = await addressee.categories.create({ resource: 'gone', title: 'Gone news' })
    const contact = await seedContact(db, { subscriptions: { [news.id]: 'subscribed' } })
    await schedule('last', { resource: 'gone', categories: [news.key], segments: [news.key] })
    await finish('last')
    await addressee.resources.delete('gone')

    expect((await addressee.resources.get('gone')).deletedAt).toBeInstanceOf(Date)
    expect((await addressee.resources.list()).map(({ key }) => key)).not.toContain('gone')
    expect((await addressee.resources.list({ includeDeleted: true })).map(({ key }) => key)).toContain('gone')
    expect((await addressee.resources.subscribers('gone')).subscribers).toMatchObject([
      { contactId: contact, category: 'gone-news', status: 'subscribed' },
    ])
    expect(await addressee.categories.list({ resource: 'gone', includeArchived: true })).toEqual([])
    const deleted = 'resource gone was deleted; its key stays taken'
    await expect(create('gone')).rejects.toThrow(`key: ${deleted}`)
    await expect(addressee.resources.delete('gone')).rejects.toThrow(deleted)
    await expect(addressee.resources.update('gone', { name: 'x' })).rejects.toThrow(deleted)
    await expect(addressee.resources.clone('gone', { key: 'again' })).rejects.toThrow(deleted)
    await expect(addressee.categories.create({ resource: 'gone', title: 'x' })).rejects.toThrow(deleted)
    await expect(schedule('more', { resource: 'gone', categories: [news.key] })).rejects.toThrow(deleted)
  })

  test.each(['scheduled', 'resolving', 'sending'] as const)('is refused while a campaign is %s', async (state) => {
    await create(`busy-${state}`)
    const news = await addressee.categories.create({ resource: `busy-${state}`, title: `Busy ${state}` })
    await schedule(`runs-${state}`, { resource: `busy-${state}`, categories: [news.key] })
    await db.updateTable('campaign').set({ state }).where('key', '=', `runs-${state}`).execute()
    await expect(addressee.resources.delete(`busy-${state}`)).rejects.toThrow(
      `resource: is needed by campaigns that are not over: runs-${state}. Wait until they are finished, or cancel them.`,
    )
    await db.updateTable('campaign').set({ state: 'cancelled' }).where('key', '=', `runs-${state}`).execute()
    await addressee.resources.delete(`busy-${state}`)
  })

  test("is refused while another resource's campaign names one of its categories", async () => {
    await create('named')
    await create('naming')
    const theirs = await addressee.categories.create({ resource: 'named', title: 'Theirs' })
    const own = await addressee.categories.create({ resource: 'naming', title: 'Own' })
    await schedule('crossing', { resource: 'naming', categories: [own.key], excludeSegments: [theirs.key] })
    await expect(addressee.resources.delete('named')).rejects.toThrow('campaigns that are not over: crossing.')
  })

  test('beside scheduling: either the campaign stands and the resource, or neither', async () => {
    const rounds = Array.from({ length: 15 }, async (_, round) => {
      const key = `race-${round}`
      await create(key)
      const news = await addressee.categories.create({ resource: key, title: key })
      const [scheduled, deleted] = await Promise.allSettled([
        schedule(key, { resource: key, categories: [news.key] }),
        addressee.resources.delete(key),
      ])
      expect([scheduled.status, deleted.status].toSorted()).toEqual(['fulfilled', 'rejected'])
      const { deletedAt } = await addressee.resources.get(key)
      expect(deletedAt === null).toBe(scheduled.status === 'fulfilled')
    })
    await Promise.all(rounds)
  })

  test('by two at once happens once, and nobody waits for ever', async () => {
    await create('hit')
    await addressee.categories.create({ resource: 'hit', title: 'Hit' })
    const ends = await Promise.allSettled(Array.from({ length: 6 }, () => addressee.resources.delete('hit')))
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const end of ends)
      if (end.status === 'rejected') expect(String(end.reason)).toContain('resource hit was deleted')
  })
})

describe('a campaign', () => {
  test('needs its channel in the resource', async () => {
    await create('phones', { channels: { sms: { callerId: 'ACME' } } })
    const calls = await addressee.categories.create({ resource: 'phones', title: 'Calls' })
    await expect(schedule('mail', { resource: 'phones', categories: [calls.key] })).rejects.toThrow(
      'resource: resource phones does not have the channel email',
    )
  })
})
