import fc from 'fast-check'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import { savePreferences } from '../../db/save-preferences.ts'
import type { Id } from '../../db/schema.ts'
import {
  consentRows,
  differences,
  effective,
  eventsSince,
  expectUnbrokenChains,
  lastEvent,
} from '../setup/consent-state.ts'
import { createDatabase } from '../setup/database.ts'
import { seedCategory, seedContact, seedResource } from '../setup/seed.ts'
import { act, claimsOf, type SentMessage, seedSent } from '../setup/unsubscribe-seed.ts'

// Random states against random forms: what the page says afterwards is what was ticked, everything else is as it was,
// and the consent events are exactly the differences.

let db: Db
let sent: SentMessage
/** Of the resource: listed, listed with consent by silence, hidden, and required. Of another: two. */
let categories: { listed: Id[]; hidden: Id; required: Id; foreign: Id[] }
let otherResource: Id
let duplicate: Id
let stranger: Id

beforeAll(async () => {
  ;({ db } = await createDatabase())
  sent = await seedSent(db, { titles: ['A', 'B'], address: 'shared@example.com' })
  const silent = await seedCategory(db, sent.resourceId, 'opt_out')
  const hidden = await seedCategory(db, sent.resourceId)
  const required = await seedCategory(db, sent.resourceId)
  await db.updateTable('category').set({ is_listed: false }).where('id', '=', hidden.id).execute()
  await db.updateTable('category').set({ is_required: true }).where('id', '=', required.id).execute()
  otherResource = await seedResource(db)
  const foreign = [await seedCategory(db, otherResource), await seedCategory(db, otherResource, 'opt_out')]
  categories = {
    listed: [...sent.categories.map(({ id }) => id), silent.id],
    hidden: hidden.id,
    required: required.id,
    foreign: foreign.map(({ id }) => id),
  }
  duplicate = await seedContact(db, { address: 'shared@example.com' })
  stranger = await seedContact(db)
})

const statuses = ['none', 'subscribed', 'unsubscribed', 'pending'] as const
const optOuts = ['null null', 'null email', 'R null', 'R email', 'S email', 'S null'] as const

interface State {
  said: (typeof statuses)[number][]
  optedOut: (typeof optOuts)[number][]
}

const allCategories = () => [...categories.listed, categories.hidden, categories.required, ...categories.foreign]
const people = () => [sent.contactId, duplicate, stranger]

const state: fc.Arbitrary<State> = fc.record({
  said: fc.array(fc.constantFrom(...statuses), { minLength: 7, maxLength: 7 }),
  optedOut: fc.subarray([...optOuts], { maxLength: 3 }),
})

async function put(contactId: Id, { said, optedOut }: State): Promise<void> {
  for (const [at, category] of allCategories().entries()) {
    const status = said[at]
    if (status === undefined || status === 'none') continue
    await db
      .insertInto('subscription')
      .values({ category_id: category, contact_id: contactId, status, source: 'test' })
      .execute()
  }
  for (const scope of optedOut) {
    const [of, on] = scope.split(' ')
    const resource_id = { null: null, R: sent.resourceId, S: otherResource }[of ?? ''] ?? null
    const channel = on === 'null' ? null : 'email'
    await db.insertInto('opt_out').values({ contact_id: contactId, resource_id, channel, source: 'test' }).execute()
  }
}

const keysOf = async (ids: readonly Id[]): Promise<string[]> => {
  const rows = await db.selectFrom('category').select(['id', 'key']).execute()
  return ids.map((id) => rows.find((row) => row.id === id)?.key ?? '')
}

async function save(on: readonly Id[], shown: readonly Id[] = categories.listed) {
  const form = { shown: await keysOf(shown), on: await keysOf(on), fields: {} }
  return savePreferences(db, claimsOf(sent), form, { ...act, through: 'page' })
}

const clear = () => sql`truncate subscription, opt_out, address_refusal`.execute(db)

test('what was ticked is what is so afterwards, and nothing else has changed', async () => {
  await fc.assert(
    fc.asyncProperty(
      state,
      state,
      state,
      fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      async (a, b, c, ticks) => {
        await clear()
        for (const [at, each] of [a, b, c].entries()) await put(people()[at] ?? '', each)
        const on = categories.listed.filter((_, at) => ticks[at])
        const [before, was, last] = [await consentRows(db), await effective(db), await lastEvent(db)]
        const saved = await save(on)
        const [after, is] = [await consentRows(db), await effective(db)]

        const me = sent.contactId
        const isOn = (category: Id) => is.get(`${me} ${category}`) === 'subscribed'
        expect(categories.listed.filter(isOn)).toEqual(on)
        expect(await eventsSince(db, last)).toEqual(differences(before, after))
        for (const person of people())
          for (const category of categories.foreign)
            expect(is.get(`${person} ${category}`)).toBe(was.get(`${person} ${category}`))
        for (const category of allCategories())
          expect(is.get(`${stranger} ${category}`)).toBe(was.get(`${stranger} ${category}`))
        for (const person of [me, duplicate]) {
          const hidden = `${person} ${categories.hidden}`
          expect(is.get(hidden) === 'subscribed').toBe(was.get(hidden) === 'subscribed')
          const changed = saved.kind === 'saved' ? [...saved.on, ...saved.off] : []
          for (const { id } of changed) expect(is.get(`${person} ${id}`)).toBe(is.get(`${me} ${id}`))
        }
        const asItWas = categories.listed.every((id) => (was.get(`${me} ${id}`) === 'subscribed') === on.includes(id))
        if (asItWas) expect(after).toEqual(before)

        const settled = await lastEvent(db)
        await save(on)
        expect(await eventsSince(db, settled)).toEqual([])
      },
    ),
    { numRuns: 60 },
  )
  await expectUnbrokenChains(db)
})

test('what the address refuses is narrowed alike: whoever gains it inherits all but what was ticked', async () => {
  await clear()
  const [first = '', second = '', third = ''] = categories.listed
  const refuse = (category_id: Id | null, resource_id: Id | null) =>
    sql`insert into address_refusal (address_key, channel, category_id, resource_id)
      select address_key, channel, ${category_id}::bigint, ${resource_id}::bigint from contact_address
      where contact_id = ${sent.contactId}`.execute(db)
  await refuse(null, null)
  await refuse(first, null)
  await put(sent.contactId, { said: ['unsubscribed', 'subscribed'], optedOut: ['null null'] })
  await save([first])
  const rows = await db.selectFrom('address_refusal').select(['category_id', 'resource_id']).execute()
  expect(rows.map((row) => row.category_id ?? `resource ${row.resource_id}`).toSorted()).toEqual(
    [second, third, categories.hidden, `resource ${otherResource}`].toSorted(),
  )
})

test('a category that the page did not show stays as it is', async () => {
  await clear()
  await put(sent.contactId, { said: ['subscribed', 'subscribed'], optedOut: [] })
  const [first = '', second = ''] = categories.listed
  const saved = await save([], [first])
  expect(saved).toMatchObject({ kind: 'saved', on: [], off: [{ id: first }] })
  expect((await effective(db)).get(`${sent.contactId} ${second}`)).toBe('subscribed')
})

test.each(['hidden', 'required', 'foreign'] as const)(
  'a form that speaks of a %s category changes nothing',
  async (which) => {
    await clear()
    const [first = ''] = categories.listed
    const wrong = [categories[which]].flat()[0] ?? ''
    const before = await consentRows(db)
    expect(await save([first, wrong], [first, wrong])).toEqual({ kind: 'outdated' })
    expect(await save([first, wrong], [first])).toEqual({ kind: 'outdated' })
    expect(await consentRows(db)).toEqual(before)
  },
)

test('saved from two tabs at once: one of the two as a whole, with unbroken chains', async () => {
  const [first = '', second = '', third = ''] = categories.listed
  for (let round = 0; round < 10; round += 1) {
    await clear()
    await put(sent.contactId, { said: [], optedOut: ['R email'] })
    await put(duplicate, { said: [], optedOut: ['null null'] })
    await Promise.all([save([first]), save([second, third])])
    const is = await effective(db)
    for (const person of [sent.contactId, duplicate]) {
      const on = categories.listed.filter((id) => is.get(`${person} ${id}`) === 'subscribed')
      expect([[first], [second, third]]).toContainEqual(on)
    }
  }
  await expectUnbrokenChains(db)
})
