import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { beforeEach, describe, expect, test } from 'vitest'
import { commandCampaign } from '../../db/campaign-commands.ts'
import { markFinished } from '../../db/campaigns.ts'
import { recordConsent } from '../../db/consent.ts'
import { dropOldEvents } from '../../db/delivery-log.ts'
import { settle } from '../../db/settle.ts'
import { settleUnknown } from '../../db/settle-unknown.ts'
import { unsubscribe } from '../../db/unsubscribe.ts'
import { createWebhook } from '../../db/webhooks.ts'
import type { EventKind } from '../../domain/event-kind.ts'
import { createDatabase } from '../setup/database.ts'
import { seedCategory, seedContact, seedResource } from '../setup/seed.ts'
import { act, claimsOf, seedSent } from '../setup/unsubscribe-seed.ts'

const { db } = await createDatabase()

beforeEach(async () => {
  await db.deleteFrom('webhook').execute()
  await db.deleteFrom('event').execute()
})

const events = () => db.selectFrom('event').select(['kind', 'contact_id', 'payload']).orderBy('id').execute()
const kinds = async () => (await events()).map(({ kind }) => kind)

const settings = { url: 'https://shop.example/', description: null, kinds: null, resourceId: null, accessGroup: null }
const hook = (changes: Partial<Parameters<typeof createWebhook>[1]> = {}) =>
  createWebhook(db, { ...settings, ...changes }, 'whsec_AAAA')
const deliveriesOf = async (webhookId: string): Promise<EventKind[]> => {
  const rows = await db
    .selectFrom('webhook_delivery as d')
    .innerJoin('event as e', 'e.id', 'd.event_id')
    .select('e.kind')
    .where('webhook_id', '=', webhookId)
    .orderBy('e.id')
    .execute()
  return rows.map(({ kind }) => kind)
}

describe('consent', () => {
  test('an unsubscribe changes each subscription, and is one unsubscribe', async () => {
    const sent = await seedSent(db, { titles: ['News', 'Offers'] })
    await db.updateTable('contact').set({ external_id: 'shop-7' }).where('id', '=', sent.contactId).execute()
    await unsubscribe(db, claimsOf(sent), act)
    const { key: resource } = await db
      .selectFrom('resource')
      .select('key')
      .where('id', '=', sent.resourceId)
      .executeTakeFirstOrThrow()
    const { key: campaign } = await db
      .selectFrom('campaign')
      .select('key')
      .where('id', '=', sent.campaignId)
      .executeTakeFirstOrThrow()
    const categories = await db
      .selectFrom('category')
      .select('key')
      .where('resource_id', '=', sent.resourceId)
      .orderBy('id')
      .execute()
    const about = {
      contactId: sent.contactId,
      externalId: 'shop-7',
      resource,
      scope: 'category',
      channel: 'email',
      action: 'unsubscribed',
      through: 'one_click',
      campaignId: sent.campaignId,
      campaign,
    }
    expect(await events()).toEqual([
      ...categories.map(({ key: category }) => ({
        kind: 'subscription.changed',
        contact_id: sent.contactId,
        payload: { ...about, category, legalBasis: null },
      })),
      {
        kind: 'channel.unsubscribed',
        contact_id: sent.contactId,
        payload: { ...about, categories: categories.map(({ key }) => key).toSorted() },
      },
    ])
  })

  test('a second unsubscribe tells nothing', async () => {
    const sent = await seedSent(db)
    await unsubscribe(db, claimsOf(sent), act)
    await unsubscribe(db, claimsOf(sent), act)
    expect(await kinds()).toEqual(['subscription.changed', 'channel.unsubscribed'])
  })

  test('what is rolled back was never told', async () => {
    const sent = await seedSent(db)
    await hook()
    const rolledBack = db.transaction().execute(async (db) => {
      await unsubscribe(db, claimsOf(sent), act)
      expect((await db.selectFrom('event').select('id').execute()).length).toBe(2)
      throw new Error('rolled back')
    })
    await expect(rolledBack).rejects.toThrow('rolled back')
    expect(await events()).toEqual([])
    expect(await db.selectFrom('webhook_delivery').selectAll().execute()).toEqual([])
  })

  test('every contact that has the address is told of', async () => {
    const sent = await seedSent(db, { address: 'both@example.com' })
    const other = await seedContact(db, { address: 'both@example.com' })
    await unsubscribe(db, claimsOf(sent), act)
    const unsubscribed = (await events()).filter(({ kind }) => kind === 'channel.unsubscribed')
    expect(unsubscribed.map((event) => event.contact_id).toSorted()).toEqual([sent.contactId, other].toSorted())
  })

  test('an opt-out from everything has no category and no resource; no event holds an address', async () => {
    const contact_id = await seedContact(db, { address: 'secret@example.com' })
    const proof = { through: 'operator', explanation: 'secret@example.com said so', legal_basis: 'request' } as const
    await recordConsent(db, [{ contact_id, action: 'opted_out', ...proof }])
    expect(await events()).toMatchObject([
      {
        kind: 'subscription.changed',
        payload: { scope: 'everything', resource: null, category: null, legalBasis: 'request' },
      },
      { kind: 'channel.unsubscribed', payload: { scope: 'everything', resource: null, categories: [], channel: null } },
    ])
    expect(JSON.stringify(await events())).not.toContain('@')
  })

  test('a subscription is a change, and no unsubscribe; an unknown contact is told of too', async () => {
    const { id: category_id } = await seedCategory(db, await seedResource(db))
    await recordConsent(db, [{ contact_id: '999999', action: 'subscribed', through: 'api', category_id }])
    expect(await events()).toMatchObject([
      { kind: 'subscription.changed', payload: { externalId: null, contactId: '999999' } },
    ])
  })
})

describe('who is told', () => {
  const change = async (resourceId: string) => {
    const { id: category_id } = await seedCategory(db, resourceId)
    await recordConsent(db, [
      { contact_id: await seedContact(db), action: 'unsubscribed', through: 'api', category_id },
    ])
  }

  test('only the kinds that were named', async () => {
    const all = await hook()
    const one = await hook({ kinds: ['channel.unsubscribed', 'campaign.finished'] })
    await change(await seedResource(db))
    expect(await deliveriesOf(all)).toEqual(['subscription.changed', 'channel.unsubscribed'])
    expect(await deliveriesOf(one)).toEqual(['channel.unsubscribed'])
  })

  test('only what concerns the resource, or every one', async () => {
    const mine = await seedResource(db)
    const webhook = await hook({ resourceId: mine, kinds: ['channel.unsubscribed'] })
    await change(await seedResource(db))
    expect(await deliveriesOf(webhook)).toEqual([])
    await change(mine)
    await recordConsent(db, [{ contact_id: await seedContact(db), action: 'opted_out', through: 'api' }])
    expect(await deliveriesOf(webhook)).toHaveLength(2)
  })

  test('only resources of the access group', async () => {
    const [mine, theirs, nobodys] = [await seedResource(db), await seedResource(db), await seedResource(db)]
    await db.updateTable('resource').set({ access_group: 'north' }).where('id', '=', mine).execute()
    await db.updateTable('resource').set({ access_group: 'south' }).where('id', '=', theirs).execute()
    const webhook = await hook({ accessGroup: 'north', kinds: ['channel.unsubscribed'] })
    await change(theirs)
    await change(nobodys)
    expect(await deliveriesOf(webhook)).toEqual([])
    await change(mine)
    expect(await deliveriesOf(webhook)).toHaveLength(1)
  })

  test('nobody who is disabled', async () => {
    const webhook = await hook()
    await db.updateTable('webhook').set({ disabled_at: new Date() }).execute()
    await change(await seedResource(db))
    expect(await deliveriesOf(webhook)).toEqual([])
    expect(await kinds()).toHaveLength(2)
  })
})

describe('campaigns', () => {
  test('a pause, a cancel and an end are told, each once and with what there is to say', async () => {
    const sent = await seedSent(db)
    await db.insertInto('tally').values({ campaign_id: sent.campaignId, part: 1, sent: 3, failed: 1 }).execute()
    await db.updateTable('campaign').set({ audience: 4 }).where('id', '=', sent.campaignId).execute()
    const details = { by: 'ada', reason: 'a typo' }
    for (const command of ['pause', 'pause', 'resume', 'pause'] as const)
      await commandCampaign(db, sent.campaignId, command, details)
    await markFinished(db, sent.campaignId)
    await markFinished(db, sent.campaignId)
    expect(await kinds()).toEqual(['campaign.paused', 'campaign.paused', 'campaign.finished'])
    const [paused, , finished] = await events()
    expect(paused?.payload).toMatchObject({ campaignId: sent.campaignId, title: 'Test', by: 'ada', reason: 'a typo' })
    expect(finished?.payload).toMatchObject({ audience: 4, sent: 3, failed: 1, skipped: 0, unknown: 0 })
  })

  test('a cancelled campaign is told of when it is cancelled, and not again at its end', async () => {
    const { campaignId } = await seedSent(db)
    await commandCampaign(db, campaignId, 'pause', { by: 'ada' })
    await commandCampaign(db, campaignId, 'cancel', { by: 'ada', reason: 'wrong list' })
    await markFinished(db, campaignId)
    expect(await kinds()).toEqual(['campaign.paused', 'campaign.cancelled'])
    expect((await events())[1]?.payload).toMatchObject({ by: 'ada', reason: 'wrong list' })
  })
})

describe('recipients', () => {
  async function claimed(size = 3) {
    const sent = await seedSent(db)
    const token = randomUUID()
    await sql`insert into recipient (campaign_id, seq, contact_id, address, address_key, category_ids, state, claim_token)
      select ${sent.campaignId}::bigint, seq + 1, ${sent.contactId}::bigint, 'c@example.com', decode(md5(seq::text), 'hex'), '{}',
        'claimed', ${token}::uuid from generate_series(1, ${size}::int) seq`.execute(db)
    return { ...sent, claimer: { campaignId: sent.campaignId, from: 1, to: size + 1, token } }
  }
  const accepted = (seq: number) => ({ seq, state: 'sent' as const, response: '250 to c@example.com', serverId: 'q7' })
  const refused = (seq: number) => ({
    seq,
    state: 'failed' as const,
    reason: 'refused' as const,
    code: 550,
    response: '550 c@example.com is no more',
    addressIsDead: true,
  })

  test('are not written when nobody wants them', async () => {
    await hook()
    const disabled = await hook({ kinds: ['recipient.sent'] })
    await db.updateTable('webhook').set({ disabled_at: new Date() }).where('id', '=', disabled).execute()
    await hook({ kinds: ['recipient.sent'], resourceId: await seedResource(db) })
    const { claimer } = await claimed()
    expect(await settle(db, claimer, 'email', [accepted(2), refused(3)])).toBe(2)
    expect(await events()).toEqual([])
  })

  test('are written with the settlement when somebody does, and only the kind that is wanted', async () => {
    const failures = await hook({ kinds: ['recipient.failed'] })
    const { claimer, contactId, campaignId } = await claimed()
    await settle(db, claimer, 'email', [accepted(2), refused(3)])
    expect(await events()).toMatchObject([
      {
        kind: 'recipient.failed',
        contact_id: contactId,
        payload: { campaignId, seq: 3, contactId, reason: 'refused', code: 550, serverId: null },
      },
    ])
    expect(await deliveriesOf(failures)).toEqual(['recipient.failed'])
    await hook({ kinds: ['recipient.sent'] })
    await settle(db, claimer, 'email', [accepted(4)])
    expect((await events()).at(-1)).toMatchObject({ kind: 'recipient.sent', payload: { seq: 4, serverId: 'q7' } })
    expect(JSON.stringify(await events())).not.toContain('@')
  })

  test('are not written for what was settled before, nor for a deferral', async () => {
    await hook({ kinds: ['recipient.sent', 'recipient.failed'] })
    const { claimer } = await claimed()
    await settle(db, claimer, 'email', [accepted(2)])
    await settle(db, claimer, 'email', [accepted(2)])
    await settle(db, claimer, 'email', [{ seq: 3, state: 'queued', code: 451, response: '451', delaySeconds: 60 }])
    expect(await kinds()).toEqual(['recipient.sent'])
  })

  test("an operator's word counts too", async () => {
    await hook({ kinds: ['recipient.sent'] })
    const { claimer, campaignId } = await claimed()
    await settle(db, claimer, 'email', [{ seq: 2, state: 'unknown', response: 'no answer' }])
    await settleUnknown(db, campaignId, 'sent', { by: 'ada' })
    expect(await events()).toMatchObject([{ kind: 'recipient.sent', payload: { seq: 2 } }])
  })
})

test('old events are forgotten, but not while they wait to be posted', async () => {
  const webhook = await hook()
  const [contact_id, other] = [await seedContact(db), await seedContact(db)]
  await recordConsent(db, [{ contact_id, action: 'opted_in', through: 'api' }])
  await recordConsent(db, [{ contact_id: other, action: 'opted_in', through: 'api' }])
  await sql`update event set at = now() - interval '31 days'`.execute(db)
  await recordConsent(db, [{ contact_id, action: 'opted_out', through: 'api' }])
  await db
    .updateTable('webhook_delivery')
    .set({ state: 'delivered' })
    .where('line', '=', `contact/${contact_id}`)
    .execute()
  expect(await dropOldEvents(db, 30)).toBe(1)
  expect((await events()).map((event) => event.contact_id)).toEqual([other, contact_id, contact_id])
  await db.updateTable('webhook_delivery').set({ state: 'failed' }).execute()
  expect(await dropOldEvents(db, 30)).toBe(1)
  expect(await deliveriesOf(webhook)).toHaveLength(2)
})
