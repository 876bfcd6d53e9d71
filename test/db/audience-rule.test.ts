import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { freezeAudience, previewAudience } from '../../db/audience.ts'
import { claim } from '../../db/claim.ts'
import type { Db } from '../../db/connect.ts'
import { criteriaOf } from '../../db/criteria.ts'
import { explainContact } from '../../db/explain.ts'
import type { Id } from '../../db/schema.ts'
import { createDatabase } from '../setup/database.ts'
import { seedCampaign, seedCategory, seedContact, seedResource, seedSegment, suppress } from '../setup/seed.ts'

// The rule as SQL against the rule as twenty lines of TypeScript, on random worlds. Category 2 is one whose
// silence is consent; segments 0 and 1 are static, 2 to 4 are the protected segments of the categories.

type Status = 'subscribed' | 'unsubscribed' | 'pending' | null
interface Person {
  said: Status[]
  memberOf: boolean[]
  address: number | null
  addressActive: boolean
  optOut: 'none' | 'everywhere' | 'resource' | 'channel' | 'other resource' | 'other channel'
  leaving: 'nothing' | 'category 0' | 'resource' | 'other resource'
  deleted: boolean
}
interface World {
  people: Person[]
  suppressed: number[]
  match: 'any' | 'all'
  categories: number[]
  segments: number[]
  exclude: number[]
  doNotSendTo: number[]
  respect: number[]
}

const person: fc.Arbitrary<Person> = fc.record({
  said: fc.tuple(
    ...[0, 1, 2].map(() => fc.constantFrom<Status>('subscribed', 'subscribed', 'unsubscribed', 'pending', null)),
  ),
  memberOf: fc.tuple(fc.boolean(), fc.boolean()),
  address: fc.option(fc.integer({ min: 0, max: 4 }), { freq: 8 }),
  addressActive: fc.constantFrom(true, true, true, false),
  optOut: fc.constantFrom(
    'none',
    'none',
    'none',
    'everywhere',
    'resource',
    'channel',
    'other resource',
    'other channel',
  ),
  leaving: fc.constantFrom('nothing', 'nothing', 'nothing', 'category 0', 'resource', 'other resource'),
  deleted: fc.constantFrom(false, false, false, true),
})
const some = (max: number) => fc.uniqueArray(fc.integer({ min: 0, max }), { maxLength: 2 })
const world: fc.Arbitrary<World> = fc.record({
  people: fc.array(person, { minLength: 1, maxLength: 8 }),
  suppressed: some(4),
  match: fc.constantFrom('any', 'all'),
  categories: fc.uniqueArray(fc.integer({ min: 0, max: 2 }), { maxLength: 3 }),
  segments: some(4),
  exclude: fc.oneof(fc.constant<number[]>([]), some(4)),
  doNotSendTo: fc.oneof(fc.constant<number[]>([]), some(2)),
  respect: fc.oneof(fc.constant<number[]>([]), some(2)),
})

const isSubscribed = (p: Person, category: number) =>
  (p.said[category] ?? (category === 2 ? 'subscribed' : null)) === 'subscribed'
const isMember = (p: Person, segment: number) =>
  segment < 2 ? p.memberOf[segment] === true : isSubscribed(p, segment - 2)

function firstFailing(w: World, p: Person): string | null {
  const eligible = w.categories.filter((category) => isSubscribed(p, category))
  const enough = w.categories.length === 0 || eligible.length >= (w.match === 'all' ? w.categories.length : 1)
  const said = w.categories.map((category) => p.said[category])
  if (w.segments.length > 0 && !w.segments.some((segment) => isMember(p, segment))) return 'not_in_segments'
  if (!enough)
    return said.includes('unsubscribed') ? 'unsubscribed' : said.includes('pending') ? 'pending' : 'not_subscribed'
  if (w.exclude.some((segment) => isMember(p, segment))) return 'excluded'
  if (w.doNotSendTo.some((category) => isSubscribed(p, category))) return 'excluded'
  if (w.respect.some((category) => p.said[category] === 'unsubscribed')) return 'excluded'
  if (['everywhere', 'resource', 'channel'].includes(p.optOut)) return 'opted_out'
  if (p.leaving === 'resource' || (p.leaving === 'category 0' && eligible.includes(0))) return 'unsubscribing'
  if (p.deleted) return 'deleted'
  if (p.address === null || !p.addressActive) return 'no_address'
  return w.suppressed.includes(p.address) ? 'suppressed:complained' : null
}

/** The reason of each person, in order; null: in the audience. The earliest of an address keeps it. */
function judge(w: World): (string | null)[] {
  const kept = new Set<number | null>()
  return w.people.map((p) => {
    const reason = firstFailing(w, p)
    if (reason !== null) return reason
    if (kept.has(p.address)) return 'duplicate_address'
    kept.add(p.address)
    return null
  })
}

const funnelOf = (reasons: (string | null)[]) => {
  const counted = reasons.filter((reason) => reason !== 'not_in_segments')
  const funnel: Record<string, number> = { included: 0 }
  for (const reason of counted) funnel[reason ?? 'included'] = (funnel[reason ?? 'included'] ?? 0) + 1
  return funnel
}

let db: Db
let resource: Id
let otherResource: Id
beforeAll(async () => {
  ;({ db } = await createDatabase())
  resource = await seedResource(db)
  otherResource = await seedResource(db)
})

async function build(w: World): Promise<{ campaignId: Id; contacts: Id[] }> {
  await sql`truncate contact, suppression restart identity cascade`.execute(db)
  const categories = [
    await seedCategory(db, resource),
    await seedCategory(db, resource),
    await seedCategory(db, resource, 'opt_out'),
  ]
  const idOf = (category: number): Id => categories[category]?.id ?? ''
  const contacts: Id[] = []
  for (const p of w.people) contacts.push(await createPerson(p, idOf))
  for (const address of w.suppressed) await suppress(db, `address-${address}@example.com`, 'complained')
  const membersOf = (segment: number) => contacts.filter((_, index) => w.people[index]?.memberOf[segment])
  const segments = [
    await seedSegment(db, membersOf(0)),
    await seedSegment(db, membersOf(1)),
    ...categories.map((each) => each.segmentId),
  ]
  const segmentIds = (chosen: number[]) => chosen.map((segment) => segments[segment] ?? '')
  const campaignId = await seedCampaign(db, {
    resourceId: resource,
    match: w.match,
    categories: w.categories.map(idOf),
    segments: segmentIds(w.segments),
    excludeSegments: segmentIds(w.exclude),
    doNotSendTo: w.doNotSendTo.map(idOf),
    respectUnsubscribesOf: w.respect.map(idOf),
  })
  return { campaignId, contacts }
}

async function createPerson(p: Person, idOf: (category: number) => Id): Promise<Id> {
  const subscriptions = Object.fromEntries(
    p.said.flatMap((status, category) => (status === null ? [] : [[idOf(category), status]])),
  )
  const address = p.address === null ? null : `address-${p.address}@example.com`
  const id = await seedContact(db, { address, deleted: p.deleted, subscriptions })
  if (!p.addressActive)
    await db.updateTable('contact_address').set({ status: 'bounced' }).where('contact_id', '=', id).execute()
  const optOuts = {
    everywhere: { resource_id: null, channel: null },
    resource: { resource_id: resource, channel: null },
    channel: { resource_id: null, channel: 'email' },
    'other resource': { resource_id: otherResource, channel: null },
    'other channel': { resource_id: null, channel: 'sms' },
  }
  if (p.optOut !== 'none')
    await db
      .insertInto('opt_out')
      .values({ contact_id: id, source: 'test', ...optOuts[p.optOut] })
      .execute()
  const leaving = {
    'category 0': { resource_id: resource, category_id: idOf(0) },
    resource: { resource_id: resource, category_id: null },
    'other resource': { resource_id: otherResource, category_id: null },
  }
  if (p.leaving !== 'nothing')
    await db
      .insertInto('pending_unsubscribe')
      .values({ contact_id: id, due_at: new Date(), ...leaving[p.leaving] })
      .execute()
  return id
}

test('freezing, previewing, explaining and claiming all follow the rule', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(world, async (w) => {
      const { campaignId, contacts } = await build(w)
      const expected = judge(w)
      const criteria = await criteriaOf(db, campaignId)

      expect(await previewAudience(db, criteria)).toEqual(funnelOf(expected))
      const explained = []
      for (const contact of contacts) explained.push((await explainContact(db, criteria, contact)).reason)
      expect(explained).toEqual(expected)

      const included = contacts.filter((_, index) => expected[index] === null)
      expect((await freezeAudience(db, campaignId))?.funnel).toEqual(funnelOf(expected))
      const claimer = { campaignId, from: 1, to: 100, token: randomUUID() }
      const { claimed, skipped } = await claim(db, criteria, claimer, 100)
      expect(claimed.map((row) => row.contactId)).toEqual(included)
      expect(skipped).toBe(0)
    }),
    { numRuns: 80 },
  )
})

test('what changed between freeze and claim is judged by the same rule', { timeout: 120_000 }, async () => {
  const before: Person = {
    said: ['subscribed', 'subscribed', null],
    memberOf: [true, true],
    address: 0,
    addressActive: true,
    optOut: 'none',
    leaving: 'nothing',
    deleted: false,
  }
  const plain = {
    people: [before],
    suppressed: [],
    match: 'any',
    categories: [0, 1],
    segments: [],
    exclude: [],
    doNotSendTo: [],
    respect: [],
  } satisfies World
  await fc.assert(
    fc.asyncProperty(
      person,
      fc.constantFrom<World['match']>('any', 'all'),
      some(1),
      async (after, match, suppressed) => {
        // The address is the frozen one or gone: another address of the contact is no reason to mail it there.
        const changed = { ...after, address: after.address === null ? null : 0 }
        const { campaignId, contacts } = await build({ ...plain, match })
        await freezeAudience(db, campaignId)
        await become(contacts[0] as Id, changed, await criteriaOf(db, campaignId))
        if (suppressed.includes(0)) await suppress(db, 'address-0@example.com', 'complained')
        await claim(db, await criteriaOf(db, campaignId), { campaignId, from: 1, to: 1, token: randomUUID() }, 1)
        const row = await db
          .selectFrom('recipient')
          .selectAll()
          .where('campaign_id', '=', campaignId)
          .executeTakeFirstOrThrow()
        const expected = firstFailing({ ...plain, match, suppressed, segments: [] }, changed)
        expect({ state: row.state, reason: row.reason }).toEqual({
          state: expected === null ? 'claimed' : 'skipped',
          reason: expected,
        })
      },
    ),
    { numRuns: 60 },
  )
})

/** Makes a contact of the plain world into another person, as time does. */
async function become(id: Id, p: Person, { categories }: { categories: { ids: Id[] } }): Promise<void> {
  for (const table of ['subscription', 'contact_address'] as const)
    await db.deleteFrom(table).where('contact_id', '=', id).execute()
  const other = await createPerson(
    { ...p, said: [p.said[0] ?? null, p.said[1] ?? null, null] },
    (category) => categories.ids[category] ?? '',
  )
  for (const table of ['subscription', 'contact_address', 'opt_out', 'pending_unsubscribe'] as const)
    await db.updateTable(table).set({ contact_id: id }).where('contact_id', '=', other).execute()
  await db
    .updateTable('contact')
    .set({ deleted_at: p.deleted ? new Date() : null })
    .where('id', '=', id)
    .execute()
}
