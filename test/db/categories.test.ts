import { Readable } from 'node:stream'
import { beforeAll, describe, expect, test } from 'vitest'
import { Addressee } from '../../client/addressee.ts'
import { categoriesOf } from '../../db/categories.ts'
import type { Db } from '../../db/connect.ts'
import { scheduleCampaign } from '../../db/schedule-campaign.ts'
import type { Id } from '../../db/schema.ts'
import { type CampaignDefinition, checkDefinition } from '../../domain/campaign-definition.ts'
import type { NewCategory } from '../../domain/category-settings.ts'
import { atEnd } from '../setup/at-end.ts'
import { createDatabase } from '../setup/database.ts'
import { query, seedContact, seedResource } from '../setup/seed.ts'

let db: Db
let addressee: Addressee
let resourceId: Id

beforeAll(async () => {
  const database = await createDatabase()
  db = database.db
  addressee = new Addressee({ databaseUrl: database.url })
  atEnd(() => addressee.close())
  resourceId = await seedResource(db, 'acme')
})

const create = (title: string, changes: Partial<NewCategory> = {}) =>
  addressee.categories.create({ resource: 'acme', title, ...changes })

const schedule = (key: string, changes: Partial<CampaignDefinition>) =>
  scheduleCampaign(
    db,
    checkDefinition({ key, resource: 'acme', content: { en: { subject: 'Hi', text: 'Hi' } }, now: true, ...changes }),
  )
const finish = (key: string) => db.updateTable('campaign').set({ state: 'finished' }).where('key', '=', key).execute()
const segments = (key: string) => query(db, `select title, kind from segment where key = '${key}'`)

describe('a category', () => {
  test('is read back as it was written', async () => {
    const everything = {
      title: 'Weekly',
      description: 'Every Friday.\nNo more.',
      consent: 'opt_in',
      channels: ['email', 'custom:fax'],
      purpose: 'Marketing',
      communicationMethod: 'Email',
      isDefault: true,
      isInternal: true,
      isRequired: true,
      isListed: false,
      doubleOptIn: true,
      frequencyPolicy: [{ messages: 2, days: 7 }],
    } as const
    const { id, key } = await create('Weekly', everything as unknown as Partial<NewCategory>)
    const stored = {
      ...everything,
      id,
      key,
      createdAt: expect.any(Date),
      updatedAt: expect.any(Date),
      archivedAt: null,
    }
    expect(await addressee.categories.get('weekly')).toEqual({ ...stored, resource: 'acme', subscribed: 0 })
    expect(await categoriesOf(db, resourceId)).toEqual([stored])
  })

  test.each<[string, object, string]>([
    ['no title', { title: ' ' }, 'title: must not be empty'],
    ['a title of two lines', { title: 'a\nb' }, 'title: must be one line'],
    ['a title of 201 characters', { title: 'x'.repeat(201) }, 'title: must have at most 200 characters'],
    ['a key in capitals', { key: 'News' }, 'key: must be lower-case letters'],
    ['another kind of consent', { consent: 'maybe' }, 'consent: '],
    ['an unknown channel', { channels: ['pigeon'] }, 'channels.0: must be one of email, sms'],
    ['no channel at all', { channels: [] }, 'channels: must name a channel'],
    ['an unknown field', { isHidden: true }, 'isHidden: is not a field of a category'],
    ['two kinds of asking', { consent: 'opt_out', doubleOptIn: true }, 'doubleOptIn: needs consent opt_in'],
    ['an unknown resource', { resource: 'amce' }, 'resource: there is no resource amce'],
  ])('is refused with %s', async (_what, change, rule) => {
    await expect(create('Refused', change)).rejects.toThrow(rule)
  })
})

describe('a change', () => {
  test('leaves what it does not name, clears what it names as null, and renames the segment', async () => {
    await create('Before', { description: 'old', purpose: 'Sales' })
    const changed = await addressee.categories.update('before', { title: 'After', purpose: null, isListed: false })
    expect(changed).toMatchObject({ key: 'before', title: 'After', description: 'old', purpose: null, isListed: false })
    expect(await segments('before')).toEqual([{ title: 'After', kind: 'category' }])
  })

  test.each<[object, string]>([
    [{ key: 'x' }, 'key: is immutable'],
    [{ resource: 'other' }, 'resource: is immutable'],
    [{ tilte: 'x' }, 'tilte: is not a field of a category'],
    [{ title: null }, 'title: '],
    [{ consent: 'opt_out' }, 'consent: cannot become opt_out: everybody who said nothing would be subscribed'],
  ])('of %j is refused', async (patch, rule) => {
    await create('Firm', { key: 'firm' })
    await expect(addressee.categories.update('firm', patch)).rejects.toThrow(rule)
  })

  test('from opt_out to opt_in is allowed: it mails fewer people', async () => {
    await create('Loose', { consent: 'opt_out' })
    expect((await addressee.categories.update('loose', { consent: 'opt_in' })).consent).toBe('opt_in')
  })
})

describe('an archived category', () => {
  test('is out of use: not listed, not scheduled for, not imported into; and comes back', async () => {
    await create('Attic')
    await addressee.categories.archive('attic')
    await addressee.categories.archive('attic')
    const keys = async (options = {}) => (await addressee.categories.list(options)).map(({ key }) => key)
    expect(await keys()).not.toContain('attic')
    expect(await keys({ includeArchived: true })).toContain('attic')
    await expect(schedule('a1', { categories: ['attic'] })).rejects.toThrow('categories: category attic is archived')
    await expect(schedule('a2', { segments: ['attic'] })).rejects.toThrow(
      'segments: segment attic is that of an archived',
    )
    await create('Cellar')
    await schedule('a3', { categories: ['cellar'], excludeSegments: ['attic'] })
    await finish('a3')
    await expect(
      addressee.contacts.import(Readable.from('email\na@example.com\n'), { source: 'shop', categories: ['attic'] }),
    ).rejects.toThrow('there is no category "attic"')
    await addressee.categories.unarchive('attic')
    expect(await keys()).toContain('attic')
  })
})

describe('the cap', () => {
  test('counts active categories, also those that come back, and two at once', async () => {
    const { active } = await addressee.categories.cap()
    await create('Capped')
    await addressee.categories.archive('capped')
    expect(await addressee.categories.setCap(active + 1)).toEqual({ cap: active + 1, active })
    const both = await Promise.allSettled([create('One more'), addressee.categories.unarchive('capped')])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    const full = `category: ${active + 1} categories are active, and ${active + 1} may be`
    await expect(create('Too many')).rejects.toThrow(full)
    await expect(addressee.resources.clone('acme', { key: 'beyond' })).rejects.toThrow('may be')
    expect((await addressee.resources.list()).map(({ key }) => key)).not.toContain('beyond')
    // One that is there is no new one.
    expect((await create('Weekly', { key: 'weekly' })).created).toBe(false)
    expect(await addressee.categories.setCap(1)).toEqual({ cap: 1, active: active + 1 })
    await addressee.categories.setCap(null)
    expect((await create('Free again')).created).toBe(true)
    await expect(addressee.categories.setCap(0)).rejects.toThrow('cap: must be a whole number from 1 on')
  })
})

describe('deleting', () => {
  test('takes the segment along and nobody else; the key stays taken', async () => {
    const { id } = await create('Leaving')
    const contact = await seedContact(db, { subscriptions: { [id]: 'subscribed' } })
    await addressee.categories.delete('leaving')
    expect(await segments('leaving')).toEqual([])
    expect(await query(db, `select id from contact where id = ${contact}`)).toHaveLength(1)
    expect(await query(db, `select status from subscription where category_id = ${id}`)).toEqual([
      { status: 'subscribed' },
    ])
    await expect(addressee.categories.get('leaving')).rejects.toThrow(
      'category leaving was deleted; its key stays taken',
    )
    await expect(addressee.segments.create({ key: 'leaving' })).rejects.toThrow(
      'segment: leaving was the key of a category',
    )
    expect((await create('Leaving')).key).toBe('leaving-2')
    for (const role of ['categories', 'doNotSendTo', 'respectUnsubscribesOf', 'segments', 'excludeSegments'])
      await expect(schedule('late', { categories: ['leaving-2'], [role]: ['leaving'] })).rejects.toThrow(
        new RegExp(`^${role}: there is no (category|segment) leaving`),
      )
    await expect(
      addressee.contacts.import(Readable.from('email\na@example.com\n'), { source: 'shop', categories: ['leaving'] }),
    ).rejects.toThrow('there is no category "leaving"')
  })

  test.each(['categories', 'doNotSendTo', 'respectUnsubscribesOf', 'segments', 'excludeSegments'])(
    'is refused while a campaign names it under %s',
    async (role) => {
      await create('Used')
      await create(`Needed ${role}`)
      const [key] = (await addressee.categories.list()).filter(({ title }) => title === `Needed ${role}`)
      const name = key?.key ?? ''
      await schedule(`needs-${name}`, { categories: ['used'], [role]: [name] })
      await expect(addressee.categories.delete(name)).rejects.toThrow(
        `category: is needed by campaigns that are not over: needs-${name}.`,
      )
      await finish(`needs-${name}`)
      await addressee.categories.delete(name)
    },
  )

  test('leaves a past campaign what it was, and hides the segment all the same', async () => {
    await create('Past')
    await schedule('past', { segments: ['past'] })
    await finish('past')
    await addressee.categories.delete('past')
    expect(
      await query(db, `select role from campaign_segment join segment on segment.id = segment_id where key = 'past'`),
    ).toEqual([{ role: 'include' }])
    await expect(schedule('again', { segments: ['past'] })).rejects.toThrow('segments: there is no segment past')
    await expect(addressee.segments.add('past', [])).rejects.toThrow("segment past is a category's own")
  })

  test('beside scheduling: either the campaign stands and the category, or neither', async () => {
    const rounds = Array.from({ length: 15 }, async (_, round) => {
      const key = `brace-${round}`
      await create(key, { key })
      const role = round % 2 === 0 ? 'categories' : 'segments'
      const ends = await Promise.allSettled([schedule(key, { [role]: [key] }), addressee.categories.delete(key)])
      expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    })
    await Promise.all(rounds)
  })

  test('is the only way to a protected segment: not by its own name', async () => {
    await create('Shielded')
    await expect(addressee.segments.create({ key: 'shielded' })).rejects.toThrow(
      "a category's own and cannot be changed",
    )
    await expect(addressee.segments.add('shielded', [])).rejects.toThrow("a category's own and cannot be changed")
  })
})
