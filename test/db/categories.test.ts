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

describe('the key', () => {
  test.each([
    ['🎉🎉', 'tada-tada'],
    ['𝟘\u{1F9FF}', /^[a-z0-9-]+$/],
    ['\u200f\u202e', 'category'],
    ['ニュース', 'niyusu'],
    ['新闻', 'xinwen'],
    ['חדשות', /^[a-z0-9-]+$/],
    ['أخبار', 'khbr'],
    ['Новини та акції', 'novini-ta-aktsii'],
  ])('of %j is %s', async (title, key) => {
    expect((await create(title)).key).toMatch(typeof key === 'string' ? new RegExp(`^${key}$`) : key)
  })

  test('of a title that is taken gets a number, also where a segment or a deleted category has it', async () => {
    await addressee.segments.create({ key: 'hits-2' })
    expect((await create('Hits')).key).toBe('hits')
    expect((await create('Hits')).key).toBe('hits-3')
    await addressee.categories.delete('hits-3')
    expect((await create('Hits!')).key).toBe('hits-4')
    expect((await create('x'.repeat(70))).key).toBe('x'.repeat(60))
    expect((await create('x'.repeat(70))).key).toBe(`${'x'.repeat(58)}-2`)
  })

  test('of creators at once is one for each', async () => {
    const created = await Promise.all(Array.from({ length: 12 }, () => create('Rush')))
    expect(new Set(created.map(({ key }) => key)).size).toBe(12)
  })

  test('is found among ten thousand of the same title with a few look-ups', async () => {
    await query(
      db,
      `insert into category (key, title, resource_id)
       select 'same' || case when n = 1 then '' else '-' || n end, 'Same', ${resourceId} from generate_series(1, 10000) n`,
    )
    await query(db, `delete from category where key in ('same-4711', 'same-9999')`)
    // The number is free; which of the free ones it is, is no promise.
    expect((await create('Same')).key).toBe('same-10001')
    expect(await query(db, `select count(*)::int as n from category where title = 'Same'`)).toEqual([{ n: 9999 }])
    await query(db, `delete from segment where title = 'Same'`)
    await query(db, `delete from category where title = 'Same'`)
  })

  test('given by hand finds the category again, in its resource alone', async () => {
    await seedResource(db, 'other')
    const first = await create('By hand', { key: 'by-hand' })
    expect(await create('Again', { key: 'by-hand' })).toEqual({ ...first, created: false })
    await expect(create('x', { key: 'by-hand', resource: 'other' })).rejects.toThrow(
      'exists already, in another resource',
    )
    await addressee.categories.delete('by-hand')
    await expect(create('x', { key: 'by-hand' })).rejects.toThrow('key: category by-hand was deleted')
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

describe('taking contacts out', () => {
  const history = (contact: Id) =>
    query(db, `select action, through, explanation from consent_event where contact_id = ${contact} order by id`)
  const status = async (contact: Id, category: Id) =>
    (
      await query<{ status: string }>(
        db,
        `select status from subscription where contact_id = ${contact} and category_id = ${category}`,
      )
    )[0]?.status

  test('of a whole category is no refusal, has its proof, and leaves refusals alone', async () => {
    const { id } = await create('Emptied')
    const subscribed = await seedContact(db, { subscriptions: { [id]: 'subscribed' } })
    const pending = await seedContact(db, { subscriptions: { [id]: 'pending' } })
    const refused = await seedContact(db, { subscriptions: { [id]: 'unsubscribed' } })
    await db
      .insertInto('opt_in_request')
      .values({
        contact_id: pending,
        category_id: id,
        channel: 'email',
        address_key: Buffer.alloc(16),
        through: 'page',
        expires_at: new Date(),
      })
      .execute()
    expect(await addressee.categories.empty('emptied', { by: 'Grace' })).toEqual({ excluded: 2 })
    expect(await addressee.categories.empty('emptied')).toEqual({ excluded: 0 })
    expect(await Promise.all([subscribed, pending, refused].map((each) => status(each, id)))).toEqual([
      undefined,
      undefined,
      'unsubscribed',
    ])
    const proof = { action: 'unsubscribed', through: 'operator', explanation: 'taken out of the category by Grace' }
    expect(await history(subscribed)).toEqual([proof])
    expect(await history(pending)).toEqual([proof])
    expect(await history(refused)).toEqual([])
    expect(await query(db, `select state from opt_in_request where category_id = ${id}`)).toEqual([
      { state: 'withdrawn' },
    ])
  })

  test('of a large category goes batch by batch to the end', async () => {
    const { id } = await create('Crowded')
    await query(db, `insert into contact (first_name) select 'crowd' from generate_series(1, 5001)`)
    await query(
      db,
      `insert into subscription (category_id, contact_id, status, source)
       select ${id}, id, 'subscribed', 'test' from contact where first_name = 'crowd'`,
    )
    expect(await addressee.categories.empty('crowded')).toEqual({ excluded: 5001 })
    expect(await query(db, `select count(*)::int as n from consent_event where category_id = ${id}`)).toEqual([
      { n: 5001 },
    ])
  })

  test('one by one goes by id and by address', async () => {
    const { id } = await create('Picked')
    const one = await seedContact(db, { subscriptions: { [id]: 'subscribed' } })
    const two = await seedContact(db, { subscriptions: { [id]: 'subscribed' } })
    expect(await addressee.categories.exclude('picked', one)).toEqual({ excluded: 1 })
    expect(await addressee.categories.exclude('picked', one)).toEqual({ excluded: 0 })
    expect([await status(one, id), await status(two, id)]).toEqual([undefined, 'subscribed'])
    await expect(addressee.categories.exclude('picked', 'nobody@example.com')).rejects.toThrow(
      'contact: there is no contact nobody@example.com',
    )
  })

  test('of an opt_out category is a refusal for one, and refused for all', async () => {
    const { id } = await create('Silent', { consent: 'opt_out' })
    const silent = await seedContact(db)
    await expect(addressee.categories.empty('silent')).rejects.toThrow('category: category silent is opt_out')
    expect(await addressee.categories.exclude('silent', silent, { by: 'Grace' })).toEqual({ excluded: 1 })
    expect(await status(silent, id)).toBe('unsubscribed')
    expect(await history(silent)).toHaveLength(1)
  })
})

describe('the sources of a resource', () => {
  test('are the only ones whose contacts an import subscribes', async () => {
    await addressee.resources.update('other', { contactSources: ['fair'] })
    await create('Fair news', { resource: 'other' })
    const csv = () => Readable.from('email,topics\nfair@example.com,fair-news\n')
    await expect(addressee.contacts.import(csv(), { source: 'shop', categories: ['fair-news'] })).rejects.toThrow(
      'there is no category "fair-news"',
    )
    expect(await addressee.contacts.import(csv(), { source: 'shop' })).toMatchObject({ subscribed: 0 })
    expect(await addressee.contacts.import(csv(), { source: 'fair' })).toMatchObject({ subscribed: 1 })
  })
})
