import { beforeAll, expect, test } from 'vitest'
import { freezeAudience, previewAudience } from '../../db/audience.ts'
import type { Db } from '../../db/connect.ts'
import { criteriaOf } from '../../db/criteria.ts'
import type { Id } from '../../db/schema.ts'
import { createDatabase } from '../setup/database.ts'
import { seedCampaign, seedCategory, seedContact, seedResource, seedSegment, suppress } from '../setup/seed.ts'

let db: Db
let resourceId: Id
beforeAll(async () => {
  ;({ db } = await createDatabase())
  resourceId = await seedResource(db)
})

const ledgerOf = (campaignId: Id) =>
  db.selectFrom('recipient').selectAll().where('campaign_id', '=', campaignId).orderBy('seq').execute()

test('each rule leaves its contacts out under its own reason, and the funnel adds up', async () => {
  const news = await seedCategory(db, resourceId)
  const groups = await seedCategory(db, resourceId, 'opt_out')
  const subscribed = { [news.id]: 'subscribed' as const, [groups.id]: 'unsubscribed' as const }
  const included = await seedContact(db, { subscriptions: subscribed })
  const notSubscribed = await seedContact(db)
  const unsubscribed = await seedContact(db, { subscriptions: { [news.id]: 'unsubscribed' } })
  const pending = await seedContact(db, { subscriptions: { [news.id]: 'pending' } })
  const excluded = await seedContact(db, { subscriptions: subscribed })
  const inGroup = await seedContact(db, { subscriptions: { [news.id]: 'subscribed' } })
  const optedOut = await seedContact(db, { subscriptions: subscribed })
  const unsubscribing = await seedContact(db, { subscriptions: subscribed })
  const deleted = await seedContact(db, { subscriptions: subscribed, deleted: true })
  const noAddress = await seedContact(db, { subscriptions: subscribed, address: null })
  const complained = await seedContact(db, { subscriptions: subscribed, address: 'complained@example.com' })
  const duplicate = await seedContact(db, { subscriptions: subscribed, address: `CONTACT-${included}@example.com` })
  await seedContact(db, { subscriptions: subscribed })
  await suppress(db, 'complained@example.com', 'complained')
  await db
    .insertInto('opt_out')
    .values({ contact_id: optedOut, resource_id: resourceId, channel: null, source: 'test' })
    .execute()
  await db
    .insertInto('pending_unsubscribe')
    .values({ contact_id: unsubscribing, resource_id: resourceId, category_id: news.id, due_at: new Date() })
    .execute()
  const everyone = await seedSegment(db, [
    included,
    notSubscribed,
    unsubscribed,
    pending,
    excluded,
    inGroup,
    optedOut,
    unsubscribing,
    deleted,
    noAddress,
    complained,
    duplicate,
  ])
  const campaignId = await seedCampaign(db, {
    resourceId,
    categories: [news.id],
    segments: [everyone],
    excludeSegments: [await seedSegment(db, [excluded])],
    doNotSendTo: [groups.id],
  })

  const preview = await previewAudience(db, await criteriaOf(db, campaignId))
  const frozen = await freezeAudience(db, campaignId)

  expect(frozen).toEqual({
    audience: 1,
    candidates: 12,
    funnel: {
      included: 1,
      not_subscribed: 1,
      unsubscribed: 1,
      pending: 1,
      excluded: 2,
      opted_out: 1,
      unsubscribing: 1,
      deleted: 1,
      no_address: 1,
      'suppressed:complained': 1,
      duplicate_address: 1,
    },
  })
  expect(preview).toEqual(frozen?.funnel)
  expect(await ledgerOf(campaignId)).toMatchObject([
    { seq: 1, contact_id: included, category_ids: [news.id], state: 'queued' },
  ])
})

test('match any takes whoever has one category and records which; match all needs every one', async () => {
  const [a, b] = [await seedCategory(db, resourceId), await seedCategory(db, resourceId)]
  const both = await seedContact(db, { subscriptions: { [a.id]: 'subscribed', [b.id]: 'subscribed' } })
  const onlyA = await seedContact(db, { subscriptions: { [a.id]: 'subscribed', [b.id]: 'unsubscribed' } })
  const segments = [await seedSegment(db, [both, onlyA])]
  const any = await seedCampaign(db, { resourceId, categories: [a.id, b.id], segments })
  const all = await seedCampaign(db, { resourceId, categories: [a.id, b.id], segments, match: 'all' })

  expect((await freezeAudience(db, any))?.funnel).toEqual({ included: 2 })
  expect((await freezeAudience(db, all))?.funnel).toEqual({ included: 1, unsubscribed: 1 })
  expect(await ledgerOf(any)).toMatchObject([
    { contact_id: both, category_ids: [a.id, b.id] },
    { contact_id: onlyA, category_ids: [a.id] },
  ])
})

test('in an opt-out category silence is consent, until the contact says no', async () => {
  const groups = await seedCategory(db, resourceId, 'opt_out')
  const silent = await seedContact(db)
  const refused = await seedContact(db, { subscriptions: { [groups.id]: 'unsubscribed' } })
  const campaignId = await seedCampaign(db, {
    resourceId,
    categories: [groups.id],
    segments: [await seedSegment(db, [silent, refused])],
  })

  expect((await freezeAudience(db, campaignId))?.funnel).toEqual({ included: 1, unsubscribed: 1 })
  expect(await ledgerOf(campaignId)).toMatchObject([{ contact_id: silent, category_ids: [groups.id] }])
})

test("a category's protected segment holds its subscribers", async () => {
  const [vip, news] = [await seedCategory(db, resourceId), await seedCategory(db, resourceId)]
  const wanted = await seedContact(db, { subscriptions: { [vip.id]: 'subscribed', [news.id]: 'subscribed' } })
  await seedContact(db, { subscriptions: { [vip.id]: 'unsubscribed', [news.id]: 'subscribed' } })
  const campaignId = await seedCampaign(db, { resourceId, categories: [news.id], segments: [vip.segmentId] })

  expect(await freezeAudience(db, campaignId)).toMatchObject({ audience: 1, candidates: 1 })
  expect(await ledgerOf(campaignId)).toMatchObject([{ contact_id: wanted }])
})

test('a message without categories goes to everyone of the segments', async () => {
  const contact = await seedContact(db)
  const campaignId = await seedCampaign(db, { resourceId, segments: [await seedSegment(db, [contact])] })
  expect((await freezeAudience(db, campaignId))?.funnel).toEqual({ included: 1 })
  expect(await ledgerOf(campaignId)).toMatchObject([{ contact_id: contact, category_ids: [] }])
})

test('freezing twice freezes once; a cancelled campaign is not frozen', async () => {
  const news = await seedCategory(db, resourceId)
  await seedContact(db, { subscriptions: { [news.id]: 'subscribed' } })
  const campaignId = await seedCampaign(db, { resourceId, categories: [news.id] })
  const first = await freezeAudience(db, campaignId)
  await seedContact(db, { subscriptions: { [news.id]: 'subscribed' } })
  expect(await freezeAudience(db, campaignId)).toEqual(first)

  const cancelled = await seedCampaign(db, { resourceId, categories: [news.id] })
  await db.updateTable('campaign').set({ state: 'cancelled' }).where('id', '=', cancelled).execute()
  expect(await freezeAudience(db, cancelled)).toBeNull()
})
