import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { freezeAudience } from '../../db/audience.ts'
import { type Claimer, claim, type DomainFilter } from '../../db/claim.ts'
import type { Db } from '../../db/connect.ts'
import { type Criteria, criteriaOf } from '../../db/criteria.ts'
import { disownClaims, outstanding, release, releaseRest, skipQueued } from '../../db/ledger.ts'
import type { Id } from '../../db/schema.ts'
import { settle } from '../../db/settle.ts'
import { settleUnknown } from '../../db/settle-unknown.ts'
import { countFates } from '../../db/tally.ts'
import { type FateCounts, noFates } from '../../domain/fate.ts'
import { createDatabase } from '../setup/database.ts'
import {
  addressKey,
  type CampaignSeed,
  seedCampaign,
  seedCategory,
  seedContact,
  seedResource,
  suppress,
} from '../setup/seed.ts'

let db: Db
let resourceId: Id
beforeAll(async () => {
  ;({ db } = await createDatabase())
  resourceId = await seedResource(db)
})

interface Frozen {
  campaignId: Id
  categoryId: Id
  contacts: Id[]
  criteria: Criteria
  claimer: Claimer
}

/** A sending campaign with this many queued recipients. */
async function frozenCampaign(size: number, seed: Partial<CampaignSeed> = {}): Promise<Frozen> {
  const { id: categoryId } = await seedCategory(db, resourceId)
  const contacts: Id[] = []
  for (let index = 0; index < size; index += 1)
    contacts.push(await seedContact(db, { subscriptions: { [categoryId]: 'subscribed' } }))
  const campaignId = await seedCampaign(db, { resourceId, categories: [categoryId], ...seed })
  await freezeAudience(db, campaignId)
  const claimer = { campaignId, from: 1, to: size, token: randomUUID() }
  return { campaignId, categoryId, contacts, criteria: await criteriaOf(db, campaignId), claimer }
}

/** The ledger itself, counted. */
async function countRows(campaignId: Id): Promise<FateCounts> {
  const rows = await db
    .selectFrom('recipient')
    .select(['state', sql<number>`count(*)::int`.as('recipients')])
    .where('campaign_id', '=', campaignId)
    .groupBy('state')
    .execute()
  return { ...noFates(), ...Object.fromEntries(rows.map((row) => [row.state, row.recipients])) }
}

afterEach(async () => {
  const campaigns = await db.selectFrom('campaign').select('id').execute()
  for (const { id } of campaigns)
    expect(await countFates(db, id), `tally of campaign ${id}`).toEqual(await countRows(id))
})

const rowsOf = (campaignId: Id) =>
  db.selectFrom('recipient').selectAll().where('campaign_id', '=', campaignId).orderBy('seq').execute()

test('a claim takes the next recipients in order, with what their messages are made of', async () => {
  const { criteria, claimer, contacts } = await frozenCampaign(3)
  const first = await claim(db, criteria, claimer, 2)
  expect(first).toMatchObject({
    claimed: [
      {
        seq: 1,
        attempts: 1,
        contactId: contacts[0],
        address: `contact-${contacts[0]}@example.com`,
        firstName: 'Ada',
        attributes: {},
      },
      { seq: 2, contactId: contacts[1] },
    ],
    skipped: 0,
    lastSeq: 2,
  })
  expect(await claim(db, criteria, claimer, 2)).toMatchObject({ claimed: [{ seq: 3 }], lastSeq: 3 })
  expect(await claim(db, criteria, claimer, 2)).toEqual({ claimed: [], skipped: 0, lastSeq: null })
})

test('what was refused after the freeze is obeyed at the claim, each with its reason', async () => {
  const { campaignId, categoryId, criteria, claimer, contacts } = await frozenCampaign(8)
  const [unsubscribed, optedOut, unsubscribing, deleted, moved, bounced, pending, kept] = contacts as [
    Id,
    Id,
    Id,
    Id,
    Id,
    Id,
    Id,
    Id,
  ]
  const status = (contactId: Id, to: 'unsubscribed' | 'pending') =>
    db.updateTable('subscription').set({ status: to }).where('contact_id', '=', contactId).execute()
  await status(unsubscribed, 'unsubscribed')
  await status(pending, 'pending')
  await db.insertInto('opt_out').values({ contact_id: optedOut, source: 'test' }).execute()
  await db
    .insertInto('pending_unsubscribe')
    .values({ contact_id: unsubscribing, resource_id: resourceId, category_id: categoryId, due_at: new Date() })
    .execute()
  await db.updateTable('contact').set({ deleted_at: new Date() }).where('id', '=', deleted).execute()
  await db
    .updateTable('contact_address')
    .set({ value: 'new@example.com', address_key: addressKey('new@example.com') })
    .where('contact_id', '=', moved)
    .execute()
  await suppress(db, `contact-${bounced}@example.com`, 'bounced')

  expect(await claim(db, criteria, claimer, 100)).toMatchObject({
    claimed: [{ contactId: kept }],
    skipped: 7,
    lastSeq: 8,
  })
  expect((await rowsOf(campaignId)).map((row) => row.reason ?? row.state)).toEqual([
    'unsubscribed',
    'opted_out',
    'unsubscribing',
    'deleted',
    'no_address',
    'suppressed:bounced',
    'pending',
    'claimed',
  ])
})

test('an erased contact is skipped: nothing is left that it subscribed to', async () => {
  const { campaignId, criteria, claimer, contacts } = await frozenCampaign(1)
  await db
    .deleteFrom('contact')
    .where('id', '=', contacts[0] as Id)
    .execute()
  expect(await claim(db, criteria, claimer, 1)).toMatchObject({ claimed: [], skipped: 1 })
  expect(await rowsOf(campaignId)).toMatchObject(
    [{ state: 'skipped', reason: 'unsubscribed' }].map((row) => ({ ...row, reason: 'not_subscribed' })),
  )
})

test('a paused or cancelled campaign claims nothing', async () => {
  const { campaignId, criteria, claimer } = await frozenCampaign(1)
  await db.updateTable('campaign').set({ paused_at: new Date() }).where('id', '=', campaignId).execute()
  expect(await claim(db, criteria, claimer, 1)).toEqual({ claimed: [], skipped: 0, lastSeq: null })
  await db.updateTable('campaign').set({ paused_at: null, state: 'cancelled' }).where('id', '=', campaignId).execute()
  expect(await claim(db, criteria, claimer, 1)).toEqual({ claimed: [], skipped: 0, lastSeq: null })
  await skipQueued(db, campaignId)
  expect(await countFates(db, campaignId)).toMatchObject({ queued: 0, skipped: 1 })
})

test('every ending is recorded, and a dead address is suppressed with it', async () => {
  const { campaignId, criteria, claimer, contacts } = await frozenCampaign(4)
  await claim(db, criteria, claimer, 4)
  const settled = await settle(db, claimer, 'email', [
    { seq: 1, state: 'sent', response: '250 queued as abc', serverId: 'abc' },
    { seq: 2, state: 'failed', reason: 'refused', code: 550, response: '550 5.1.1 no such user', addressIsDead: true },
    { seq: 3, state: 'unknown', response: 'no reply' },
    { seq: 4, state: 'queued', code: 451, response: '451 later', delaySeconds: 60 },
  ])
  expect(settled).toBe(4)
  const rows = await rowsOf(campaignId)
  expect(rows).toMatchObject([
    { state: 'sent', response: '250 queued as abc', server_id: 'abc', code: null, reason: null, not_before: null },
    { state: 'failed', reason: 'refused', code: 550, response: '550 5.1.1 no such user' },
    { state: 'unknown', response: 'no reply' },
    { state: 'queued', code: 451, settled_at: null },
  ])
  expect(rows.slice(0, 3).every((row) => row.settled_at instanceof Date)).toBe(true)
  const suppressed = await db
    .selectFrom('suppression')
    .select(['kind', 'reason'])
    .where('address_key', '=', addressKey(`contact-${contacts[1]}@example.com`))
    .execute()
  expect(suppressed).toEqual([{ kind: 'bounced', reason: '550 5.1.1 no such user' }])
  const left = await outstanding(db, campaignId)
  expect(left).toMatchObject({ queued: 1, claimed: 0 })
  expect(left.retryAt?.getTime()).toBeGreaterThan(Date.now() + 50_000)
  expect(await claim(db, criteria, { ...claimer, token: randomUUID() }, 4)).toEqual({
    claimed: [],
    skipped: 0,
    lastSeq: null,
  })
})

test('only the owner of a claim settles it, also late; another attempt makes it unknown and no more', async () => {
  const { campaignId, criteria, claimer } = await frozenCampaign(2)
  await claim(db, criteria, claimer, 2)
  const second = { ...claimer, token: randomUUID() }
  expect(await disownClaims(db, second, 'hold')).toBe(2)
  expect(await countFates(db, campaignId)).toMatchObject({ unknown: 2, claimed: 0 })
  expect(await claim(db, criteria, second, 2)).toMatchObject({ claimed: [] })
  const sent = { seq: 1, state: 'sent' as const, response: '250', serverId: null }
  expect(await settle(db, second, 'email', [sent])).toBe(0)
  expect(await settle(db, claimer, 'email', [sent])).toBe(1)
  expect(await countFates(db, campaignId)).toMatchObject({ sent: 1, unknown: 1 })
})

test('resend queues what another attempt left open; its late owner no longer settles it', async () => {
  const { campaignId, criteria, claimer } = await frozenCampaign(1, { onUncertain: 'resend' })
  await claim(db, criteria, claimer, 1)
  const second = { ...claimer, token: randomUUID() }
  await disownClaims(db, second, 'resend')
  expect(await claim(db, criteria, second, 1)).toMatchObject({ claimed: [{ seq: 1, attempts: 2 }] })
  expect(await settle(db, claimer, 'email', [{ seq: 1, state: 'sent', response: '250', serverId: null }])).toBe(0)
  expect(await countFates(db, campaignId)).toMatchObject({ claimed: 1 })
})

test('what was given back is queued as if it had not been claimed', async () => {
  const { criteria, claimer } = await frozenCampaign(2)
  await claim(db, criteria, claimer, 2)
  await release(db, claimer, [2])
  expect(await claim(db, criteria, claimer, 2)).toMatchObject({ claimed: [{ seq: 2, attempts: 1 }] })
})

test('an attempt that has settled all it handed over gives back the claims that it never heard of, and no others', async () => {
  const { campaignId, criteria, claimer } = await frozenCampaign(4)
  await claim(db, criteria, claimer, 1)
  await settle(db, claimer, 'email', [{ seq: 1, state: 'sent', response: '250', serverId: null }])
  const other = { ...claimer, token: randomUUID() }
  await claim(db, criteria, other, 1)
  await claim(db, criteria, claimer, 1)
  await releaseRest(db, claimer)
  expect(await countFates(db, campaignId)).toEqual({ ...noFates(), sent: 1, claimed: 1, queued: 2 })
  expect(await claim(db, criteria, claimer, 1)).toMatchObject({ claimed: [{ seq: 3, attempts: 1 }] })
})

test('twenty claimers at once share the recipients without taking one twice', async () => {
  const { criteria, claimer, campaignId } = await frozenCampaign(200)
  const claimers = Array.from({ length: 20 }, () => ({ ...claimer, token: randomUUID() }))
  const taken: number[] = []
  await Promise.all(
    claimers.map(async (each) => {
      for (
        let batch = await claim(db, criteria, each, 7);
        batch.lastSeq !== null;
        batch = await claim(db, criteria, each, 7)
      )
        taken.push(...batch.claimed.map((row) => row.seq))
    }),
  )
  expect(taken.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1))
  expect(await countFates(db, campaignId)).toMatchObject({ claimed: 200 })
})

test('an operator settles what is unknown: all of it, or those that were named', async () => {
  const { campaignId, criteria, claimer } = await frozenCampaign(4)
  await claim(db, criteria, claimer, 3)
  await disownClaims(db, { ...claimer, token: randomUUID() }, 'hold')
  expect(await settleUnknown(db, campaignId, 'sent', { by: 'ada', seqs: [1, 4] })).toBe(1)
  expect(await settleUnknown(db, campaignId, 'resend', { by: 'ada', seqs: [2] })).toBe(1)
  expect(await settleUnknown(db, campaignId, 'failed', { by: 'ada' })).toBe(1)
  expect(await countFates(db, campaignId)).toEqual({ ...noFates(), sent: 1, queued: 2, failed: 1 })
})

test('domains: one alone, or all but some', async () => {
  const { id: categoryId } = await seedCategory(db, resourceId)
  const subscriptions = { [categoryId]: 'subscribed' as const }
  for (const domain of ['gmail.com', 'example.com', 'gmail.com', 'example.org'])
    await seedContact(db, { address: `c${randomUUID()}@${domain}`, subscriptions })
  const campaignId = await seedCampaign(db, { resourceId, categories: [categoryId] })
  await freezeAudience(db, campaignId)
  const criteria = await criteriaOf(db, campaignId)
  const claimer = { campaignId, from: 1, to: 4, token: randomUUID() }
  const seqs = async (domains: DomainFilter) =>
    (await claim(db, criteria, claimer, 4, { domains })).claimed.map((row) => row.seq)
  expect(await seqs({ only: 'gmail.com' })).toEqual([1, 3])
  expect(await seqs({ without: ['gmail.com', 'example.org'] })).toEqual([2])
  expect(await seqs({ without: [] })).toEqual([4])
})
