import fc from 'fast-check'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { previewAudience } from '../../db/audience.ts'
import type { Db } from '../../db/connect.ts'
import { consentOf, consentsOf } from '../../db/consents.ts'
import type { Criteria } from '../../db/criteria.ts'
import { explainContact } from '../../db/explain.ts'
import type { Id, SubscriptionStatus } from '../../db/schema.ts'
import { modelledConsent } from '../setup/consent-world.ts'
import { createDatabase } from '../setup/database.ts'
import { seedCategory, seedContact, seedResource } from '../setup/seed.ts'

// `consent_of` against its model in TypeScript, and against the audience rule, on random worlds: two resources, each
// with a category of either consent.

interface Category {
  id: Id
  resourceId: Id
  consent: 'opt_in' | 'opt_out'
}
interface Person {
  said: (SubscriptionStatus | null)[]
  optOuts: { resource: number | null; channel: string | null }[]
}

const person: fc.Arbitrary<Person> = fc.record({
  said: fc.tuple(
    ...[0, 1, 2, 3].map(() =>
      fc.constantFrom<SubscriptionStatus | null>('subscribed', 'unsubscribed', 'pending', null),
    ),
  ),
  optOuts: fc.uniqueArray(
    fc.record({ resource: fc.constantFrom(null, 0, 1), channel: fc.constantFrom(null, 'email', 'sms') }),
    { maxLength: 3, selector: (each) => JSON.stringify(each) },
  ),
})

let db: Db
let resources: Id[]
let categories: Category[]
beforeAll(async () => {
  ;({ db } = await createDatabase())
  resources = [await seedResource(db), await seedResource(db)]
  categories = []
  for (const resourceId of resources)
    for (const consent of ['opt_in', 'opt_out'] as const)
      categories.push({ id: (await seedCategory(db, resourceId, consent)).id, resourceId, consent })
})

const resourceOf = (index: number | null): Id | null => (index === null ? null : (resources[index] ?? null))

async function createPerson({ said, optOuts }: Person): Promise<Id> {
  const rows = said.flatMap((status, index) =>
    status === null ? [] : [[categories[index]?.id ?? '', status] as const],
  )
  const id = await seedContact(db, { subscriptions: Object.fromEntries(rows) })
  for (const { resource, channel } of optOuts)
    await db
      .insertInto('opt_out')
      .values({ contact_id: id, resource_id: resourceOf(resource), channel, source: 'test' })
      .execute()
  return id
}

const nobody = { ids: [], optOutIds: [] }
const noSegments = { staticIds: [], categories: nobody }
const criteriaFor = ({ id, resourceId, consent }: Category, channel: string): Criteria => ({
  resourceId,
  channel,
  match: 'any',
  categories: { ids: [id], optOutIds: consent === 'opt_out' ? [id] : [] },
  include: noSegments,
  exclude: noSegments,
  doNotSendTo: nobody,
  traits: { knowsAddresses: false, hasFields: false },
  respectUnsubscribesOf: [],
})

/** Why the audience rule leaves out who is not subscribed: rule 2 speaks before rule 4. */
const reasonOf = (said: SubscriptionStatus | null, consent: string): string => {
  if (said === 'subscribed' || (said === null && consent === 'opt_out')) return 'opted_out'
  return said ?? 'not_subscribed'
}

test('the SQL function, its model and the audience rule agree', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(person, { minLength: 1, maxLength: 4 }), async (people) => {
      await sql`truncate contact restart identity cascade`.execute(db)
      const contacts: Id[] = []
      for (const each of people) contacts.push(await createPerson(each))
      for (const [index, category] of categories.entries()) {
        const criteria = criteriaFor(category, 'email')
        let subscribed = 0
        for (const [place, { said, optOuts }] of people.entries()) {
          const contact = contacts[place] as Id
          const scopes = optOuts.map(({ resource, channel }) => ({ resourceId: resourceOf(resource), channel }))
          const expected = modelledConsent(said[index] ?? null, scopes, category, 'email')
          expect(await consentOf(db, contact, category.id, 'email')).toMatchObject(expected)
          const isSubscribed = expected.status === 'subscribed'
          const { reason, consents } = await explainContact(db, criteria, contact)
          expect(reason).toBe(isSubscribed ? null : reasonOf(said[index] ?? null, category.consent))
          expect(consents).toMatchObject([{ categoryId: category.id, ...expected }])
          subscribed += isSubscribed ? 1 : 0
        }
        expect((await previewAudience(db, criteria)).included).toBe(subscribed)
      }
    }),
    { numRuns: 40 },
  )
})

test('an opt-out on another channel is none; one on every channel holds on each', async () => {
  const [category] = categories as [Category]
  const id = await createPerson({ said: ['subscribed', null, null, null], optOuts: [{ resource: 0, channel: 'sms' }] })
  expect(await consentOf(db, id, category.id, 'email')).toMatchObject({ status: 'subscribed', source: 'category' })
  expect(await consentOf(db, id, category.id, 'sms')).toMatchObject({ status: 'unsubscribed', source: 'resource' })
  await db.insertInto('opt_out').values({ contact_id: id, resource_id: null, channel: null, source: 'test' }).execute()
  for (const channel of ['email', 'sms', 'push'])
    expect(await consentOf(db, id, category.id, channel)).toMatchObject({
      status: 'unsubscribed',
      source: 'everything',
    })
})

test('the legal basis is that of what decides: a wider opt-out has none of the subscription', async () => {
  const [category] = categories as [Category]
  const id = await seedContact(db)
  await db
    .insertInto('subscription')
    .values({
      contact_id: id,
      category_id: category.id,
      status: 'subscribed',
      source: 'form',
      legal_basis: 'consent',
      explanation: 'the form of May',
      changed_at: new Date('2030-05-01'),
    })
    .execute()
  expect(await consentOf(db, id, category.id, 'email')).toEqual({
    categoryId: category.id,
    status: 'subscribed',
    source: 'category',
    legalBasis: 'consent',
    explanation: 'the form of May',
    changedAt: new Date('2030-05-01'),
  })
  const since = new Date('2030-06-01')
  const everything = { contact_id: id, resource_id: null, channel: null, source: 'test', created_at: since }
  await db.insertInto('opt_out').values(everything).execute()
  expect(await consentOf(db, id, category.id, 'email')).toEqual({
    categoryId: category.id,
    status: 'unsubscribed',
    source: 'everything',
    legalBasis: null,
    explanation: null,
    changedAt: since,
  })
})

test('an unknown category has no consent, a deleted one is not listed', async () => {
  const id = await seedContact(db)
  expect(await consentOf(db, id, '999999', 'email')).toBeUndefined()
  const deleted = await seedCategory(db, resources[0] as Id)
  await db.updateTable('category').set({ deleted_at: new Date() }).where('id', '=', deleted.id).execute()
  const listed = (await consentsOf(db, id, 'email')).map(({ categoryId }) => categoryId)
  expect(listed).toEqual(categories.map((each) => each.id))
  expect((await consentsOf(db, id, 'email', resources[1])).map(({ categoryId }) => categoryId)).toEqual(
    categories.slice(2).map((each) => each.id),
  )
})
