import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { confirmOptIn, describeOptIn } from '../../db/confirm-opt-in.ts'
import type { Db } from '../../db/connect.ts'
import { nextOptInStep, optInsWithoutMail, settleExpiredOptIns } from '../../db/opt-ins.ts'
import type { Id } from '../../db/schema.ts'
import { subscribe } from '../../db/subscribe.ts'
import { unsubscribeContact } from '../../db/unsubscribe-contact.ts'
import { effective, expectUnbrokenChains } from '../setup/consent-state.ts'
import { createDatabase } from '../setup/database.ts'
import { asked, eventsAbout, requestsOf, seedOptIn } from '../setup/opt-in-seed.ts'
import { seedCategory, seedContact, suppress } from '../setup/seed.ts'
import { act, refusalsOf, statusOf } from '../setup/unsubscribe-seed.ts'

let db: Db
beforeAll(async () => {
  ;({ db } = await createDatabase())
})

type Seeded = Awaited<ReturnType<typeof seedOptIn>>

const page = { ...act, through: 'page' as const, wording: 'opt-in-en-1' }
const confirm = async ({ categoryId }: Seeded) => {
  const [request] = await requestsOf(db, categoryId)
  return confirmOptIn(db, claims(request), page)
}
const claims = (request: { id: Id; contact_id: Id } | undefined) => ({
  scope: 'opt_in' as const,
  requestId: request?.id ?? '0',
  contactId: request?.contact_id ?? '0',
})
const expire = (categoryId: Id) =>
  db.updateTable('opt_in_request').set({ expires_at: sql`now()` }).where('category_id', '=', categoryId).execute()
const refuse = ({ contactId, categoryId, channel }: Seeded) =>
  unsubscribeContact(db, contactId, { kind: 'category', categoryId, channel }, asked)

describe('asking', () => {
  test('makes the subscription pending, with its proof, and asks once', async () => {
    const seeded = await seedOptIn(db)
    expect(await subscribe(db, seeded, asked)).toBe('pending')
    expect(await subscribe(db, seeded, asked)).toBe('pending')
    expect(await statusOf(db, seeded.contactId, seeded.categoryId)).toBe('pending')
    const [request, ...more] = await requestsOf(db, seeded.categoryId)
    expect(more).toEqual([])
    expect(request).toMatchObject({ state: 'pending', legal_basis: 'consent', actor: 'shop', mailed_at: null })
    const hours = (from: Date, to: Date | null | undefined) => ((to?.getTime() ?? 0) - from.getTime()) / 3_600_000
    const at = request?.requested_at ?? new Date(0)
    expect([hours(at, request?.remind_at), hours(at, request?.expires_at)]).toEqual([24, 168])
    expect(await eventsAbout(db, seeded.categoryId)).toMatchObject([
      { action: 'pending', through: 'api', actor: 'shop', explanation: 'ticked the box', channel: 'email' },
    ])
  })

  test('who is subscribed is not asked; a category without double opt-in subscribes as before', async () => {
    const seeded = await seedOptIn(db)
    const subscribed = await seedContact(db, { subscriptions: { [seeded.categoryId]: 'subscribed' } })
    expect(await subscribe(db, { ...seeded, contactId: subscribed }, asked)).toBe('already')
    const plain = await seedCategory(db, seeded.resourceId)
    expect(await subscribe(db, { ...seeded, categoryId: plain.id }, asked)).toBe('subscribed')
    expect(await requestsOf(db, seeded.categoryId)).toEqual([])
  })

  test('who refused is asked only when they asked for it, and stays unsubscribed meanwhile', async () => {
    const seeded = await seedOptIn(db)
    await refuse(seeded)
    expect(await subscribe(db, seeded, asked)).toBe('refused')
    expect(await subscribe(db, { ...seeded, asked: true }, asked)).toBe('pending')
    expect(await statusOf(db, seeded.contactId, seeded.categoryId)).toBe('unsubscribed')
    expect((await eventsAbout(db, seeded.categoryId)).map(({ action }) => action)).toEqual(['unsubscribed', 'pending'])
  })

  test('at once from many sides, for two contacts of one address: one request', async () => {
    const seeded = await seedOptIn(db, { address: 'many@example.com' })
    const twin = await seedContact(db, { address: 'many@example.com' })
    const contacts = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? seeded.contactId : twin))
    const outcomes = await Promise.all(contacts.map((contactId) => subscribe(db, { ...seeded, contactId }, asked)))
    expect(new Set(outcomes)).toEqual(new Set(['pending']))
    expect(await requestsOf(db, seeded.categoryId)).toHaveLength(1)
  })

  test('again within a day of one that came to nothing: not', async () => {
    const seeded = await seedOptIn(db)
    await subscribe(db, seeded, asked)
    await expire(seeded.categoryId)
    await settleExpiredOptIns(db)
    expect(await subscribe(db, seeded, asked)).toBe('refused')
    const yesterday = sql<Date>`now() - interval '25 hours'`
    await db.updateTable('opt_in_request').set({ settled_at: yesterday }).execute()
    expect(await subscribe(db, seeded, asked)).toBe('pending')
  })

  test.each(['no address', 'a suppressed one', 'one that bounced'])(
    'with %s: refused, and nothing is written',
    async (which) => {
      const seeded = await seedOptIn(db, which === 'no address' ? { address: null } : {})
      if (which === 'a suppressed one') await suppress(db, `contact-${seeded.contactId}@example.com`, 'complained')
      await db
        .updateTable('contact_address')
        .set({ status: 'bounced' })
        .where('contact_id', '=', seeded.contactId)
        .where(sql<boolean>`${which === 'one that bounced'}`)
        .execute()
      await expect(subscribe(db, seeded, asked)).rejects.toThrow('no address on the channel email')
      expect(await statusOf(db, seeded.contactId, seeded.categoryId)).toBeNull()
      expect(await eventsAbout(db, seeded.categoryId)).toEqual([])
    },
  )

  test('in a transaction of the caller: it is undone with it', async () => {
    const seeded = await seedOptIn(db)
    const work = db.transaction().execute(async (db) => {
      expect(await subscribe(db, seeded, asked)).toBe('pending')
      throw new Error('undone')
    })
    await expect(work).rejects.toThrow('undone')
    expect(await requestsOf(db, seeded.categoryId)).toEqual([])
  })
})

describe('confirming', () => {
  test('subscribes with the basis of the request and the proof of the page; again changes nothing', async () => {
    const seeded = await seedOptIn(db)
    await subscribe(db, seeded, asked)
    expect(await confirm(seeded)).toMatchObject({ kind: 'confirmed' })
    expect(await confirm(seeded)).toMatchObject({ kind: 'confirmed' })
    expect(await statusOf(db, seeded.contactId, seeded.categoryId)).toBe('subscribed')
    const events = await eventsAbout(db, seeded.categoryId)
    expect(events).toHaveLength(2)
    expect(events[1]).toMatchObject({
      action: 'subscribed',
      through: 'page',
      wording: 'opt-in-en-1',
      user_agent: 'Mail/1',
      legal_basis: 'consent',
      explanation: 'ticked the box',
    })
  })

  test('brings back who refused, with the address; an opt-out is lifted for this category alone', async () => {
    const seeded = await seedOptIn(db, { address: 'back@example.com' })
    const other = await seedCategory(db, seeded.resourceId)
    const twin = await seedContact(db, { address: 'back@example.com', subscriptions: { [other.id]: 'subscribed' } })
    await refuse(seeded)
    await unsubscribeContact(db, seeded.contactId, { kind: 'everything', channel: null }, asked)
    await subscribe(db, { ...seeded, asked: true }, asked)
    await confirm(seeded)
    const is = await effective(db)
    for (const person of [seeded.contactId, twin]) {
      expect(is.get(`${person} ${seeded.categoryId}`)).toBe('subscribed')
      expect(is.get(`${person} ${other.id}`)).not.toBe('subscribed')
    }
    const refusals = await refusalsOf(db, 'back@example.com')
    expect(refusals.map(({ category_id }) => category_id)).not.toContain(seeded.categoryId)
    expect(refusals.map(({ category_id }) => category_id)).toContain(other.id)
  })

  test('an unconfirmed address is active from then on', async () => {
    const seeded = await seedOptIn(db)
    const address = () => db.selectFrom('contact_address').select('status').where('contact_id', '=', seeded.contactId)
    await db
      .updateTable('contact_address')
      .set({ status: 'unconfirmed' })
      .where('contact_id', '=', seeded.contactId)
      .execute()
    await subscribe(db, seeded, asked)
    await confirm(seeded)
    expect(await address().execute()).toEqual([{ status: 'active' }])
  })

  test('too late, of a deleted category, of somebody else, of an erased contact: nothing', async () => {
    const late = await seedOptIn(db)
    await subscribe(db, late, asked)
    await expire(late.categoryId)
    expect(await confirm(late)).toMatchObject({ kind: 'over' })
    expect(await statusOf(db, late.contactId, late.categoryId)).toBe('pending')

    const seeded = await seedOptIn(db)
    await subscribe(db, seeded, asked)
    const [request] = await requestsOf(db, seeded.categoryId)
    expect(await confirmOptIn(db, { ...claims(request), contactId: late.contactId }, page)).toEqual({ kind: 'gone' })
    await db.updateTable('category').set({ deleted_at: new Date() }).where('id', '=', seeded.categoryId).execute()
    expect(await describeOptIn(db, claims(request))).toEqual({ kind: 'gone' })
    expect(await confirm(seeded)).toEqual({ kind: 'gone' })
    await db.deleteFrom('contact').where('id', '=', seeded.contactId).execute()
    expect(await confirmOptIn(db, claims(request), page)).toEqual({ kind: 'gone' })
  })

  test('while it expires: one of the two, told the same by row and subscription', async () => {
    for (let round = 0; round < 10; round += 1) {
      const seeded = await seedOptIn(db)
      await subscribe(db, seeded, asked)
      await Promise.all([confirm(seeded), expire(seeded.categoryId).then(() => settleExpiredOptIns(db))])
      await settleExpiredOptIns(db)
      const [request] = await requestsOf(db, seeded.categoryId)
      const status = await statusOf(db, seeded.contactId, seeded.categoryId)
      expect([request?.state, status]).toEqual(
        request?.state === 'confirmed' ? ['confirmed', 'subscribed'] : ['expired', null],
      )
    }
  })
})

describe('what ends it', () => {
  test('time: the subscription is as if nobody had asked, and the history says so', async () => {
    const [seeded, refused] = [await seedOptIn(db), await seedOptIn(db)]
    await refuse(refused)
    await subscribe(db, seeded, asked)
    await subscribe(db, { ...refused, asked: true }, asked)
    await expire(seeded.categoryId)
    await expire(refused.categoryId)
    expect(await settleExpiredOptIns(db)).toBe(2)
    expect(await settleExpiredOptIns(db)).toBe(0)
    expect(await statusOf(db, seeded.contactId, seeded.categoryId)).toBeNull()
    expect(await statusOf(db, refused.contactId, refused.categoryId)).toBe('unsubscribed')
    const last = (await eventsAbout(db, seeded.categoryId)).at(-1)
    expect(last).toMatchObject({
      action: 'unsubscribed',
      through: 'timer',
      explanation: 'the opt-in was not confirmed',
    })
  })

  test('a "no" that comes after it: no reminder, but what they refused before they asked does not end it', async () => {
    const [after, before] = [await seedOptIn(db), await seedOptIn(db)]
    await refuse(before)
    await subscribe(db, after, asked)
    await subscribe(db, { ...before, asked: true }, asked)
    await refuse(after)
    const step = async (seeded: Seeded) => nextOptInStep(db, (await requestsOf(db, seeded.categoryId))[0]?.id ?? '0')
    expect(await step(after)).toEqual({ kind: 'over', state: 'withdrawn' })
    expect(await step(before)).toEqual({ kind: 'mail', number: 1 })
  })

  test('the sweep finds requests that nobody mailed', async () => {
    const seeded = await seedOptIn(db)
    await subscribe(db, seeded, asked)
    const [request] = await requestsOf(db, seeded.categoryId)
    expect(await optInsWithoutMail(db)).not.toContain(request?.id)
    const old = sql<Date>`now() - interval '3 minutes'`
    await db
      .updateTable('opt_in_request')
      .set({ requested_at: old })
      .where('id', '=', request?.id ?? '0')
      .execute()
    expect(await optInsWithoutMail(db)).toContain(request?.id)
    await expectUnbrokenChains(db)
  })
})
