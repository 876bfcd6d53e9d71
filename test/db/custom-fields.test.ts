import { randomUUID } from 'node:crypto'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { compileCampaign } from '../../channels/email/compile.ts'
import { Addressee } from '../../client/addressee.ts'
import { freezeAudience } from '../../db/audience.ts'
import { sendingCampaign } from '../../db/campaigns.ts'
import { claim } from '../../db/claim.ts'
import type { Db } from '../../db/connect.ts'
import { criteriaOf } from '../../db/criteria.ts'
import { scheduleCampaign } from '../../db/schedule-campaign.ts'
import type { Id } from '../../db/schema.ts'
import { setSubscriptionFields } from '../../db/subscription-fields.ts'
import { checkDefinition } from '../../domain/campaign-definition.ts'
import { createTokens } from '../../domain/link-token.ts'
import { atEnd } from '../setup/at-end.ts'
import { campaignLike, composeUnsigned } from '../setup/campaign.ts'
import { captureSql } from '../setup/captured-sql.ts'
import { createDatabase } from '../setup/database.ts'
import { query, seedCategory, seedContact, seedResource } from '../setup/seed.ts'

let db: Db
let addressee: Addressee
let resource: { id: Id; key: string }
let number = 0

beforeAll(async () => {
  const database = await createDatabase()
  db = database.db
  addressee = new Addressee({ databaseUrl: database.url })
  atEnd(() => addressee.close())
})
beforeEach(async () => {
  number += 1
  const key = `fields-${number}`
  resource = { id: await seedResource(db, key), key }
})

const define = (key: string, type: 'integer' | 'float' | 'line' | 'boolean', changes = {}) =>
  addressee.fields.define(resource.key, { key, type, name: key, ...changes })
const stored = (contactId: Id) =>
  query(db, `select value, priority, fields from resource_address where contact_id = ${contactId} order by value`)

describe('defining', () => {
  test('the same field twice is that field; another type under its name is refused', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => define('size', 'integer')))
    expect(all.filter(({ created }) => created)).toHaveLength(1)
    expect(new Set(all.map(({ id }) => id)).size).toBe(1)
    await expect(define('size', 'line')).rejects.toThrow(
      'type: size is of the type integer already, and a type is immutable',
    )
    await expect(define('x', 'line', { channel: 'sms' })).rejects.toThrow(
      'channel: the resource does not have the channel sms',
    )
    await expect(addressee.fields.define('nowhere', { key: 'x', name: 'x', type: 'line' })).rejects.toThrow(
      'no resource nowhere',
    )
  })

  test('can be changed but for key, type and channel', async () => {
    await define('size', 'integer', { defaultValue: 40 })
    const changed = await addressee.fields.update(resource.key, 'size', {
      name: 'Größe',
      defaultValue: null,
      isListed: true,
    })
    expect(changed).toMatchObject({ key: 'size', name: 'Größe', type: 'integer', defaultValue: null, isListed: true })
    for (const field of ['key', 'type', 'channel'])
      await expect(addressee.fields.update(resource.key, 'size', { [field]: 'x' })).rejects.toThrow(
        `${field}: is immutable`,
      )
    await expect(addressee.fields.update(resource.key, 'size', { defaultValue: 'x' })).rejects.toThrow(
      'defaultValue: must be',
    )
    await expect(addressee.fields.update(resource.key, 'sise', {})).rejects.toThrow(
      'field: there is no custom field sise',
    )
  })

  test('and deleting takes the values along: a new field of that name finds none', async () => {
    await define('size', 'integer')
    await define('plan', 'line', { defaultValue: 'free' })
    const contact = await seedContact(db)
    await addressee.fields.set({ resource: resource.key, contact }, { size: 42 })
    await addressee.fields.delete(resource.key, 'size')
    expect(await stored(contact)).toMatchObject([{ fields: { plan: 'free' } }])
    await define('size', 'line')
    expect((await addressee.fields.list(resource.key)).map(({ key, type }) => [key, type])).toEqual([
      ['plan', 'line'],
      ['size', 'line'],
    ])
  })
})

describe('setting', () => {
  test('merges, fills in defaults, and changes nothing when refused', async () => {
    await define('size', 'integer', { isRequired: true })
    await define('plan', 'line', { defaultValue: 'free' })
    await define('vip', 'boolean')
    const contact = await seedContact(db)
    const name = { resource: resource.key, contact }
    await expect(addressee.fields.set(name, { vip: true })).rejects.toThrow('fields.size: is required')
    expect(await stored(contact)).toEqual([])
    expect(await addressee.fields.set(name, { size: 42 })).toEqual({ size: 42, plan: 'free' })
    expect(await addressee.fields.set(name, { vip: false, plan: 'pro' })).toEqual({ size: 42, plan: 'pro', vip: false })
    await expect(addressee.fields.set(name, { plan: 'x', size: 1.5 })).rejects.toThrow(
      'fields.size: must be a whole number',
    )
    await expect(addressee.fields.set(name, { colour: 'red' })).rejects.toThrow('Known are size, plan, vip.')
    expect(await stored(contact)).toMatchObject([{ fields: { size: 42, plan: 'pro', vip: false } }])
  })

  test('beside others of other fields loses none, and joins a transaction that has begun', async () => {
    const keys = ['a', 'b', 'c', 'd']
    for (const key of keys) await define(key, 'integer')
    const contactId = await seedContact(db)
    const address = { resourceId: resource.id, contactId, channel: 'email', value: `contact-${contactId}@example.com` }
    await Promise.all(keys.map((key, value) => setSubscriptionFields(db, { ...address, fields: { [key]: value } })))
    expect(await stored(contactId)).toMatchObject([{ fields: { a: 0, b: 1, c: 2, d: 3 } }])
    const given = db.transaction().execute(async (db) => {
      await setSubscriptionFields(db, { ...address, fields: { a: 9 } })
      throw new Error('thought better of it')
    })
    await expect(given).rejects.toThrow('thought better of it')
    expect(await stored(contactId)).toMatchObject([{ fields: { a: 0 } }])
  })

  test('beside deleting the field leaves no value of it, and neither waits for ever', async () => {
    await define('kept', 'integer')
    const contacts = await Promise.all(Array.from({ length: 8 }, () => seedContact(db)))
    const set = (key: string) =>
      contacts.map((contact) => addressee.fields.set({ resource: resource.key, contact }, { [key]: 1, kept: 2 }))
    for (let round = 0; round < 5; round += 1) {
      await define('going', 'integer')
      const ends = await Promise.allSettled([
        ...set('going'),
        addressee.fields.delete(resource.key, 'going'),
        ...set('going'),
      ])
      for (const end of ends)
        if (end.status === 'rejected') expect(String(end.reason)).toContain('fields.going: is not a custom field')
      await addressee.fields.delete(resource.key, 'going').catch(() => {})
      expect(await query(db, `select fields from resource_address where fields ? 'going'`)).toEqual([])
    }
  })

  test('needs an address of the contact', async () => {
    await define('a', 'integer')
    const contact = await seedContact(db)
    const away = { resource: resource.key, contact, address: 'away@example.com' }
    await expect(addressee.fields.set(away, { a: 1 })).rejects.toThrow(
      'address: is no address of the contact on the channel',
    )
    await expect(addressee.fields.set({ ...away, contact: 'nobody' }, {})).rejects.toThrow(
      'contact: there is no contact nobody',
    )
    const mute = await seedContact(db, { address: null })
    await expect(addressee.fields.set({ resource: resource.key, contact: mute }, {})).rejects.toThrow('has no address')
  })
})

describe('templates', () => {
  const scheduled = async (categoryKey: string, text: string) => {
    const { campaign } = await scheduleCampaign(
      db,
      checkDefinition({
        key: randomUUID(),
        resource: resource.key,
        categories: [categoryKey],
        content: { en: { subject: 'Hi', text } },
        now: true,
      }),
    )
    return campaign.id
  }

  test('name them as subscription.<key>: values, defaults, and nothing where there is neither', async () => {
    await define('plan', 'line', { defaultValue: 'free' })
    await define('size', 'integer')
    const category = await seedCategory(db, resource.id)
    const subscriptions = { [category.id]: 'subscribed' as const }
    const one = await seedContact(db, { subscriptions })
    await seedContact(db, { subscriptions })
    await addressee.fields.set({ resource: resource.key, contact: one }, { plan: 'pro & co', size: 0 })

    const id = await scheduled(category.key, 'plan {{ subscription.plan }}, size {{ subscription.size }}.')
    await db.updateTable('campaign').set({ state: 'resolving' }).where('id', '=', id).execute()
    await freezeAudience(db, id)
    const claimer = { campaignId: id, from: 1, to: 10, token: randomUUID() }
    const { claimed } = await claim(db, await criteriaOf(db, id), claimer, 10)
    const { subscriptionDefaults, content, sender } = await sendingCampaign(db, id)
    const compiled = compileCampaign(
      campaignLike({ subscriptionDefaults, sender, content: new Map(content.map((each) => [each.language, each])) }),
      createTokens(['a secret for tests']),
    )
    const bodies = claimed.map((recipient) => composeUnsigned(compiled, recipient).raw.toString().split('\r\n').at(-2))
    expect(bodies).toEqual(['plan pro & co, size 0.', 'plan free, size .'])
  })

  test('that name one that there is not are refused when the campaign is scheduled', async () => {
    const category = await seedCategory(db, resource.id)
    await expect(scheduled(category.key, '{{ subscription.plan }}')).rejects.toThrow(
      'content.en.text: the template uses subscription.plan, which is no custom field of the resource. Define it first',
    )
    await define('size', 'integer')
    await expect(scheduled(category.key, '{% if subscription.plan %}x{% endif %}')).rejects.toThrow('Known are size.')
    expect(() =>
      checkDefinition({
        key: 'x',
        resource: 'x',
        now: true,
        content: { en: { subject: '{{ subscription }}', text: 'x' } },
        segments: ['x'],
      }),
    ).toThrow('unknown variable subscription')
  })

  test('of a resource without fields cost the claim nothing', async () => {
    const category = await seedCategory(db, resource.id)
    const id = await scheduled(category.key, 'Hi')
    const capture = captureSql(db)
    await db.updateTable('campaign').set({ state: 'resolving' }).where('id', '=', id).execute()
    await freezeAudience(capture.db, id)
    await claim(capture.db, await criteriaOf(db, id), { campaignId: id, from: 1, to: 1, token: randomUUID() }, 1)
    expect(
      capture.statements
        .filter(({ sql }) => !sql.includes('knowsAddresses'))
        .map(({ sql }) => sql)
        .join(),
    ).not.toContain('resource_address')
  })
})
