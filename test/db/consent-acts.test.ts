import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { checkChains } from '../../db/check-consent.ts'
import type { Db } from '../../db/connect.ts'
import { consentHistory } from '../../db/consent-history.ts'
import { consentOf } from '../../db/consents.ts'
import type { Id } from '../../db/schema.ts'
import { type SubscribeOutcome, subscribe } from '../../db/subscribe.ts'
import { unsubscribe } from '../../db/unsubscribe.ts'
import { type RefusedScope, unsubscribeContact } from '../../db/unsubscribe-contact.ts'
import { verifyChain } from '../../domain/consent-chain.ts'
import { operatorAct as act } from '../setup/consent-world.ts'
import { createDatabase } from '../setup/database.ts'
import { addressKey, seedCategory, seedContact, seedResource } from '../setup/seed.ts'
import { claimsOf, seedSent, statusOf } from '../setup/unsubscribe-seed.ts'

// Acts of subscribing and refusing in any order, and at once.

let db: Db
let number = 0
beforeAll(async () => {
  db = (await createDatabase()).db
})

/** Two contacts with one address, and a category. */
async function seedPair(consent: 'opt_in' | 'opt_out') {
  const address = `pair-${(number += 1)}@example.com`
  const resourceId = await seedResource(db)
  const { id: categoryId } = await seedCategory(db, resourceId, consent)
  const contacts = [await seedContact(db, { address }), await seedContact(db, { address })] as [Id, Id]
  return { resourceId, categoryId, contacts }
}

const refusals = ['category', 'resource', 'resource on every channel', 'everything'] as const
type Refused = (typeof refusals)[number]
const step = fc.record({ who: fc.constantFrom(0, 1), what: fc.constantFrom('subscribe', ...refusals) })

function scopeOf(refused: Refused, { categoryId, resourceId }: { categoryId: Id; resourceId: Id }): RefusedScope {
  switch (refused) {
    case 'category':
      return { kind: 'category', categoryId, channel: 'email' }
    case 'resource':
      return { kind: 'resource', resourceId, channel: 'email' }
    case 'resource on every channel':
      return { kind: 'resource', resourceId, channel: null }
    case 'everything':
      return { kind: 'everything', channel: 'email' }
  }
}

test('in every order: a "no" reaches both holders and stands, a repetition is none', { timeout: 120_000 }, async () => {
  const worlds = fc.tuple(fc.constantFrom('opt_in', 'opt_out'), fc.array(step, { minLength: 1, maxLength: 7 }))
  await fc.assert(
    fc.asyncProperty(worlds, async ([consent, steps]) => {
      const pair = await seedPair(consent)
      const refused = new Set<Refused>()
      const hasRow = new Set<number>()
      const events = [0, 0]
      const widest = () =>
        refused.has('everything')
          ? 'everything'
          : refused.size > Number(refused.has('category'))
            ? 'resource'
            : 'category'
      for (const { who, what } of steps) {
        const contactId = pair.contacts[who]
        if (what === 'subscribe') {
          const expected: SubscribeOutcome = refused.size > 0 ? 'refused' : hasRow.has(who) ? 'already' : 'subscribed'
          const subscribing = { contactId, categoryId: pair.categoryId, channel: 'email' }
          expect(await subscribe(db, subscribing, act)).toBe(expected)
          if (expected === 'subscribed') events[who] = (events[who] ?? 0) + 1
          if (expected === 'subscribed') hasRow.add(who)
          continue
        }
        const isNew = !refused.has(what)
        expect(await unsubscribeContact(db, contactId, scopeOf(what, pair), act)).toBe(isNew)
        refused.add(what)
        if (isNew) for (const each of [0, 1]) events[each] = (events[each] ?? 0) + 1
      }
      for (const [index, contactId] of pair.contacts.entries()) {
        const silent = consent === 'opt_out' || hasRow.has(index) ? 'subscribed' : 'not_subscribed'
        expect(await consentOf(db, contactId, pair.categoryId, 'email')).toMatchObject({
          status: refused.size > 0 ? 'unsubscribed' : silent,
          source: widest(),
        })
        expect((await consentHistory(db, contactId)).head.events).toBe(events[index])
      }
    }),
    { numRuns: 60 },
  )
  expect((await checkChains(db)).breaks).toEqual([])
})

test('a subscription that waits for its confirmation is nobody else’s to give, and can be refused', async () => {
  const { categoryId, contacts } = await seedPair('opt_in')
  const [contactId] = contacts
  await db
    .insertInto('subscription')
    .values({ category_id: categoryId, contact_id: contactId, status: 'pending', source: 'form' })
    .execute()
  const subscribing = { contactId, categoryId, channel: 'email' }
  expect(await subscribe(db, subscribing, act)).toBe('pending')
  expect(await unsubscribeContact(db, contactId, { kind: 'category', categoryId, channel: 'email' }, act)).toBe(true)
  expect(await subscribe(db, subscribing, act)).toBe('refused')
  await expect(subscribe(db, { ...subscribing, categoryId: '999999' }, act)).rejects.toThrow('is there no more')
})

test('a "no" and a subscription at once: the "no" stands, in whatever order they come', async () => {
  for (let round = 0; round < 15; round += 1) {
    const { categoryId, contacts } = await seedPair(round % 2 === 0 ? 'opt_in' : 'opt_out')
    const [first, second] = contacts
    const acts = [
      () => subscribe(db, { contactId: first, categoryId, channel: 'email' }, act),
      () => unsubscribeContact(db, second, { kind: 'category', categoryId, channel: 'email' }, act),
      () => subscribe(db, { contactId: second, categoryId, channel: 'email' }, act),
    ]
    await Promise.all((round % 3 === 0 ? acts : acts.toReversed()).map((each) => each()))
    for (const contact of contacts) expect(await statusOf(db, contact, categoryId)).toBe('unsubscribed')
  }
})

/** Four contacts, of which each shares an address with the next. */
async function seedNeighbours(): Promise<Id[]> {
  const contacts: Id[] = []
  for (const own of ['a', 'b', 'c', 'd']) contacts.push(await seedContact(db, { address: `${own}@race.example` }))
  for (const [index, shared] of ['b', 'c', 'd'].entries()) {
    const value = `${shared}@race.example`
    const address = { contact_id: contacts[index] as Id, channel: 'email', value, address_key: addressKey(value) }
    await db.insertInto('contact_address').values(address).execute()
  }
  return contacts
}

// A category for every two acts: refusals of different ones wait for each other at the ends of the chains alone.
test('200 acts at once on contacts that share addresses: none waits for ever, every chain is whole', async () => {
  const resourceId = await seedResource(db)
  const contacts = await seedNeighbours()
  const categories: Id[] = []
  for (let index = 0; index < 100; index += 1) categories.push((await seedCategory(db, resourceId)).id)
  const acts = Array.from({ length: 200 }, (_, index) => {
    const contactId = contacts[(index >> 1) % 4] as Id
    const categoryId = categories[index >> 1] as Id
    return index % 2 === 0
      ? unsubscribeContact(db, contactId, { kind: 'category', categoryId, channel: 'email' }, act)
      : subscribe(db, { contactId: contacts[(index >> 3) % 4] as Id, categoryId, channel: 'email' }, act)
  })
  await Promise.all(acts)
  for (const [place, contact] of contacts.entries()) {
    const { events, head } = await consentHistory(db, contact)
    expect(events.map((each) => each.number)).toEqual(Array.from({ length: head.events }, (_, index) => index + 1))
    expect(verifyChain(contact, events, head)).toEqual({ ok: true })
    // What the contact or a neighbour refused, once each.
    const reached = categories.filter((_, index) => Math.abs((index % 4) - place) <= 1)
    const refused = events.flatMap((each) => (each.action === 'unsubscribed' ? [each.categoryId] : []))
    expect(refused.toSorted()).toEqual(reached.toSorted())
  }
})

test('the link of a message and the contact’s own "no" at once: one event each', async () => {
  const sent = await seedSent(db, { titles: ['A', 'B'] })
  const [categoryId = ''] = sent.categories.map(({ id }) => id)
  const scope: RefusedScope = { kind: 'category', categoryId, channel: 'email' }
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      index % 2 === 0 ? unsubscribe(db, claimsOf(sent), act) : unsubscribeContact(db, sent.contactId, scope, act),
    ),
  )
  expect((await consentHistory(db, sent.contactId)).head.events).toBe(2)
})
