import { beforeAll, describe, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import {
  latestOutcome,
  listPendingUnsubscribes,
  openUnsubscribes,
  startUnsubscribe,
  unsubscribeState,
} from '../../db/pending-unsubscribe.ts'
import {
  cancelByLink,
  cancelUnsubscribe,
  confirmByLink,
  confirmUnsubscribe,
  settleDueUnsubscribe,
  settleOverdueUnsubscribes,
} from '../../db/settle-unsubscribe.ts'
import { unsubscribe } from '../../db/unsubscribe.ts'
import { unsubscribeContact } from '../../db/unsubscribe-contact.ts'
import { createDatabase } from '../setup/database.ts'
import { clicked, confirming, makeOverdue, pendingsOf, seedDelayed } from '../setup/delayed.ts'
import { addressKey, seedCampaign, seedContact } from '../setup/seed.ts'
import {
  act,
  claimsOf,
  eventsOf,
  refusalsOf,
  type SentMessage,
  seedLedger,
  statusOf,
} from '../setup/unsubscribe-seed.ts'

let db: Db
beforeAll(async () => {
  db = (await createDatabase()).db
})

const start = (sent: SentMessage) => startUnsubscribe(db, claimsOf(sent), clicked)
const status = (sent: SentMessage, contactId = sent.contactId) => statusOf(db, contactId, sent.categories[0]?.id)

/** Somebody else with the same address, subscribed too. */
const seedTwin = (sent: SentMessage) =>
  seedContact(db, { address: sent.address, subscriptions: { [sent.categories[0]?.id ?? '']: 'subscribed' } })

test('a click starts a timer for each category and changes no subscription', async () => {
  const sent = await seedDelayed(db, { titles: ['Offers', 'News'] })
  const { running, started } = await start(sent)
  expect(running.map(({ category }) => category).toSorted()).toEqual(['News', 'Offers'])
  expect(running.map(({ id }) => id).toSorted()).toEqual([...started].toSorted())
  for (const { dueAt } of running) expect(dueAt.getTime()).toBeGreaterThan(Date.now() + 500_000)
  expect(await status(sent)).toBe('subscribed')
  expect(await eventsOf(db, sent.campaignId)).toEqual([])
})

test('a second click finds what runs, and does not make it longer', async () => {
  const sent = await seedDelayed(db)
  const first = await start(sent)
  await makeOverdue(db, sent.resourceId, -30)
  const second = await start(sent)
  expect(second.started.size).toBe(0)
  expect(second.running.map(({ id }) => id)).toEqual([...first.started])
  expect(second.running[0]?.dueAt.getTime()).toBeLessThan(Date.now() + 60_000)
})

test('twins who click at once have one timer, and each is followed by the other', async () => {
  for (let round = 0; round < 10; round += 1) {
    const sent = await seedDelayed(db, { address: `twins-${round}@example.com` })
    const twin = { ...sent, contactId: await seedTwin(sent) }
    const both = await Promise.all([start(sent), start(twin), start(sent), start(twin)])
    expect(new Set(both.flatMap(({ running }) => running.map(({ id }) => id))).size).toBe(1)
    expect(both.reduce((sum, { started }) => sum + started.size, 0)).toBe(1)
    expect(await pendingsOf(db, sent.resourceId)).toHaveLength(2)
  }
})

test('two who share two addresses, each by a mail to another one, click at once: neither waits for ever', async () => {
  for (let round = 0; round < 15; round += 1) {
    const addresses = [`one-${round}@example.com`, `two-${round}@example.com`] as const
    const sent = await seedDelayed(db, { address: addresses[0] })
    const ids = sent.categories.map(({ id }) => id)
    const other = await seedContact(db, { address: addresses[1] })
    for (const [contact_id, value] of [
      [sent.contactId, addresses[1]],
      [other, addresses[0]],
    ] as const)
      await db
        .insertInto('contact_address')
        .values({ contact_id, channel: 'email', value, address_key: addressKey(value) })
        .execute()
    const campaignId = await seedCampaign(db, { resourceId: sent.resourceId, categories: ids, state: 'sending' })
    await seedLedger(db, campaignId, other, addresses[1], ids)
    await Promise.all([
      startUnsubscribe(db, claimsOf(sent), clicked),
      startUnsubscribe(db, { campaignId, contactId: other, scope: 'unsubscribe' }, clicked),
    ])
    expect(await pendingsOf(db, sent.resourceId)).toHaveLength(2)
  }
})

test('a message without categories: one timer for all of the resource', async () => {
  const sent = await seedDelayed(db, { titles: [] })
  const { running } = await start(sent)
  expect(running).toMatchObject([{ category: null, resource: 'Acme', firstName: 'Ada' }])
  expect(await confirmByLink(db, claimsOf(sent), confirming)).toHaveLength(1)
  expect(await eventsOf(db, sent.campaignId)).toMatchObject([{ action: 'opted_out', resource_id: sent.resourceId }])
})

describe('confirming', () => {
  test('unsubscribes everybody who has the address, with the proof of the click, once', async () => {
    const sent = await seedDelayed(db)
    const twin = await seedTwin(sent)
    const [pending] = (await start(sent)).running
    expect(await confirmUnsubscribe(db, pending?.id ?? '', confirming)).toBe(true)
    expect(await confirmUnsubscribe(db, pending?.id ?? '', confirming)).toBe(false)
    expect([await status(sent), await status(sent, twin)]).toEqual(['unsubscribed', 'unsubscribed'])
    const event = {
      action: 'unsubscribed',
      through: 'page',
      ip: '192.0.2.7',
      wording: 'modes-en-1',
      user_agent: 'Phone/1',
    }
    expect(await eventsOf(db, sent.campaignId)).toMatchObject([
      { ...event, contact_id: sent.contactId },
      { ...event, contact_id: twin },
    ])
    expect(await refusalsOf(db, sent.address)).toHaveLength(1)
    expect((await pendingsOf(db, sent.resourceId)).map(({ state }) => state)).toEqual(['confirmed', 'confirmed'])
  })

  test('by the link of the twin who follows', async () => {
    const sent = await seedDelayed(db)
    const twin = { ...sent, contactId: await seedTwin(sent) }
    await start(sent)
    expect(await confirmByLink(db, claimsOf(twin), confirming)).toHaveLength(1)
    expect(await status(sent)).toBe('unsubscribed')
  })

  test('only the categories that are named', async () => {
    const sent = await seedDelayed(db, { titles: ['Offers', 'News'] })
    await start(sent)
    const ids = [sent.categories[0]?.id ?? '']
    expect(await confirmByLink(db, claimsOf(sent), confirming, { kind: 'categories', ids })).toHaveLength(1)
    expect(await statusOf(db, sent.contactId, sent.categories[0]?.id)).toBe('unsubscribed')
    expect(await statusOf(db, sent.contactId, sent.categories[1]?.id)).toBe('subscribed')
    expect(await openUnsubscribes(db, claimsOf(sent))).toHaveLength(1)
  })

  test('by the timer, not before it is due', async () => {
    const sent = await seedDelayed(db)
    const id = (await start(sent)).running[0]?.id ?? ''
    expect(await settleDueUnsubscribe(db, id)).toBe(false)
    await makeOverdue(db, sent.resourceId, 0)
    expect(await settleDueUnsubscribe(db, id)).toBe(true)
    expect(await eventsOf(db, sent.campaignId)).toMatchObject([{ through: 'timer', ip: '192.0.2.7' }])
  })
})

describe('cancelling', () => {
  test('leaves everything as it was, and is the last word of this timer', async () => {
    const sent = await seedDelayed(db)
    const id = (await start(sent)).running[0]?.id ?? ''
    expect(await cancelByLink(db, claimsOf(sent), 'page')).toHaveLength(1)
    expect(await confirmUnsubscribe(db, id, confirming)).toBe(false)
    await makeOverdue(db, sent.resourceId)
    expect(await settleDueUnsubscribe(db, id)).toBe(false)
    expect(await status(sent)).toBe('subscribed')
    expect(await latestOutcome(db, claimsOf(sent))).toBe('cancelled')
    expect(await unsubscribeState(db, id)).toMatchObject({ state: 'cancelled', through: 'page' })
  })

  test('one can think again', async () => {
    const sent = await seedDelayed(db)
    await start(sent)
    await cancelByLink(db, claimsOf(sent), 'page')
    expect((await start(sent)).started.size).toBe(1)
    expect(await confirmByLink(db, claimsOf(sent), confirming)).toHaveLength(1)
    expect(await latestOutcome(db, claimsOf(sent))).toBe('confirmed')
  })
})

test('confirm, cancel, timer, sweep and one-click at the same moment: one outcome, and everybody can read it', async () => {
  const seen = new Set<string>()
  for (let round = 0; round < 200; round += 1) {
    const sent = await seedDelayed(db)
    const id = (await start(sent)).running[0]?.id ?? ''
    await makeOverdue(db, sent.resourceId, round % 2 === 0 ? 60 : -60)
    const [confirmed, byLink, cancelled] = await Promise.all([
      confirmUnsubscribe(db, id, confirming),
      confirmByLink(db, claimsOf(sent), confirming),
      cancelUnsubscribe(db, id, 'page'),
      settleDueUnsubscribe(db, id),
      settleOverdueUnsubscribes(db, 10),
    ])
    const { state } = (await unsubscribeState(db, id)) ?? {}
    seen.add(String(state))
    expect(state).not.toBe('pending')
    expect(cancelled).toBe(state === 'cancelled')
    if (confirmed || byLink.length > 0) expect(state).toBe('confirmed')
    expect(await status(sent)).toBe(state === 'confirmed' ? 'unsubscribed' : 'subscribed')
    expect(await eventsOf(db, sent.campaignId)).toHaveLength(state === 'confirmed' ? 1 : 0)
  }
  expect([...seen].toSorted()).toEqual(['cancelled', 'confirmed'])
})

test('the one-click POST of a twin races the timer: nobody waits for ever, one event for each', async () => {
  for (let round = 0; round < 50; round += 1) {
    const sent = await seedDelayed(db, { address: `race-${round}@example.com` })
    const twin = { ...sent, contactId: await seedTwin(sent) }
    await start(sent)
    await makeOverdue(db, sent.resourceId)
    await Promise.all([
      unsubscribe(db, claimsOf(twin), act),
      settleOverdueUnsubscribes(db, 10),
      unsubscribe(db, claimsOf(sent), act),
      confirmByLink(db, claimsOf(twin), confirming),
    ])
    expect(await eventsOf(db, sent.campaignId)).toHaveLength(2)
    expect((await pendingsOf(db, sent.resourceId)).map(({ state }) => state)).toEqual(['confirmed', 'confirmed'])
  }
})

describe('another unsubscribe settles what it covers', () => {
  test('the one-click POST', async () => {
    const sent = await seedDelayed(db)
    await start(sent)
    expect((await unsubscribe(db, claimsOf(sent), act)).kind).toBe('unsubscribed')
    expect(await pendingsOf(db, sent.resourceId)).toMatchObject([{ state: 'confirmed', settled_through: 'one_click' }])
    expect(await eventsOf(db, sent.campaignId)).toMatchObject([{ through: 'one_click' }])
  })

  test('everything of the resource covers its categories; a category does not cover the resource', async () => {
    const sent = await seedDelayed(db)
    await start(sent)
    const all = { ...act, campaignId: null, through: 'operator' as const }
    const { contactId, resourceId } = sent
    await unsubscribeContact(db, contactId, { kind: 'resource', resourceId, channel: 'email' }, all)
    expect(await pendingsOf(db, resourceId)).toMatchObject([{ state: 'confirmed', settled_through: 'operator' }])

    const wide = await seedDelayed(db, { titles: [] })
    await start(wide)
    const { id } = (await seedDelayed(db)).categories[0] ?? { id: '' }
    await unsubscribeContact(db, wide.contactId, { kind: 'category', categoryId: id, channel: 'email' }, all)
    expect(await pendingsOf(db, wide.resourceId)).toMatchObject([{ state: 'pending' }])
    await unsubscribeContact(db, wide.contactId, { kind: 'everything', channel: null }, all)
    expect(await pendingsOf(db, wide.resourceId)).toMatchObject([{ state: 'confirmed' }])
  })
})

test('sweeps side by side settle hundreds, each once', async () => {
  const sent = await seedDelayed(db)
  const links = [sent]
  for (let index = 0; index < 199; index += 1) {
    const campaignId = index % 2 === 0 ? sent.campaignId : await seedCampaign(db, { resourceId: sent.resourceId })
    const contactId = await seedContact(db, { subscriptions: { [sent.categories[0]?.id ?? '']: 'subscribed' } })
    links.push({ ...sent, contactId, campaignId })
  }
  for (const link of links) await start(link)
  await makeOverdue(db, sent.resourceId)
  const sweep = async (): Promise<number> => {
    let all = 0
    for (let some = 1; some > 0; all += some) some = await settleOverdueUnsubscribes(db, 30)
    return all
  }
  const swept = await Promise.all([sweep(), sweep(), sweep()])
  expect(swept.reduce((sum, some) => sum + some, 0)).toBe(200)
  const events = await db.selectFrom('consent_event').select('contact_id').where('through', '=', 'timer').execute()
  const ours = new Set(links.map(({ contactId }) => contactId))
  expect(events.filter(({ contact_id }) => ours.has(contact_id))).toHaveLength(200)
  expect(await settleOverdueUnsubscribes(db, 30)).toBe(0)
})

test('the list for people: of somebody, theirs or by a shared address', async () => {
  const sent = await seedDelayed(db)
  const twin = await seedTwin(sent)
  const [id] = (await start(sent)).started
  const listed = async (contactIds: string[] | null) =>
    (await listPendingUnsubscribes(db, { contactIds, limit: 1000 })).map((each) => each.id)
  expect(await listed([twin])).toEqual([id])
  expect(await listed([sent.contactId])).toEqual([id])
  expect(await listed(null)).toContain(id)
  expect(await listed(['0'])).toEqual([])
})
