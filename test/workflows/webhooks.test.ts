import { sql } from 'kysely'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import type { NewWebhook, Webhooks } from '../../client/webhooks.ts'
import { recordConsent } from '../../db/consent.ts'
import { signatureHeaders } from '../../domain/webhook-signature.ts'
import { type DeliveryRound, webhookWorkflowId } from '../../workflows/contract.ts'
import { eventually } from '../setup/eventually.ts'
import { createInstallation, type Installation } from '../setup/installation.ts'
import { createReceiver, type Received, type Receiver } from '../setup/receiver.ts'
import { scriptedChannel } from '../setup/scripted-channel.ts'
import { seedContact } from '../setup/seed.ts'

let installation: Installation
let webhooks: Webhooks
let receiver: Receiver

beforeAll(async () => {
  installation = await createInstallation()
  webhooks = installation.addressee.webhooks
  await installation.startWorkers(scriptedChannel())
})

beforeEach(async () => {
  for (const { id } of await webhooks.list()) await webhooks.delete(id)
  receiver = await createReceiver()
})

const hook = (changes: Partial<NewWebhook> = {}) =>
  webhooks.create({ url: receiver.url, kinds: ['subscription.changed'], ...changes })

/** So many events of a contact, one after the other. */
async function change(contact_id: string, times = 1): Promise<void> {
  for (let time = 0; time < times; time += 1)
    await recordConsent(installation.db, [{ contact_id, action: 'opted_in', through: 'api' }])
}

const contactOf = ({ event }: Received): unknown => event.data['contactId']
const receivedOf = (contactId: string): Received[] => receiver.received.filter((each) => contactOf(each) === contactId)
const states = async (id: string) => (await webhooks.deliveries(id)).map(({ state }) => state).toReversed()

/** Sets forward what waits for its next try: hours go by. */
const hoursLater = () =>
  sql`update webhook_delivery set next_at = now() where state = 'pending'`.execute(installation.db)

test('an event is posted, signed, as JSON without an address', async () => {
  const { id, secret } = await hook()
  const contactId = await seedContact(installation.db, { address: 'ada@example.com' })
  await change(contactId)
  await eventually(async () => expect(await states(id)).toEqual(['delivered']))
  const [message] = receiver.received
  if (message === undefined) throw new Error('nothing came')
  expect(message.event).toMatchObject({ type: 'subscription.changed', data: { contactId, action: 'opted_in' } })
  expect(message.body).not.toContain('@')
  const [delivery] = await webhooks.deliveries(id)
  expect(message.id).toBe(`evt_${delivery?.eventId}`)
  expect(delivery).toMatchObject({
    kind: 'subscription.changed',
    attempts: 1,
    lastStatus: 200,
    lastError: null,
    nextAt: null,
  })
  const at = new Date(Number(message.timestamp) * 1000)
  expect(message.signature).toBe(
    signatureHeaders({ id: message.id, at, body: message.body }, [secret])['webhook-signature'],
  )
})

test('while a secret is replaced both sign; a day later the new one alone', async () => {
  const { id, secret } = await hook()
  const { secret: next } = await webhooks.rotateSecret(id)
  const contactId = await seedContact(installation.db)
  const signedBy = async (secrets: string[]) => {
    const before = receiver.received.length
    await change(contactId)
    const message = await eventually(() => receiver.received[before] ?? expect.fail('nothing came'))
    const at = new Date(Number(message.timestamp) * 1000)
    const expected = signatureHeaders({ id: message.id, at, body: message.body }, secrets)
    expect(message.signature).toBe(expected['webhook-signature'])
  }
  await signedBy([next, secret])
  await sql`update webhook set rotated_at = now() - interval '25 hours'`.execute(installation.db)
  await signedBy([next])
})

test('500, then taken: the same message again, and whatever followed waits only if it is of that contact', async () => {
  const { id } = await hook()
  const [slow, other] = [await seedContact(installation.db), await seedContact(installation.db)]
  receiver.answer = (message, response) =>
    void response.writeHead(contactOf(message) === slow && receivedOf(slow).length === 1 ? 500 : 204).end()
  await change(slow, 2)
  await change(other, 2)
  await eventually(async () => expect(await states(id)).toEqual(['pending', 'pending', 'delivered', 'delivered']))
  expect(receivedOf(slow)).toHaveLength(1)
  expect((await webhooks.deliveries(id, { state: 'pending' }))[1]).toMatchObject({
    attempts: 1,
    lastStatus: 500,
    lastError: 'answers 500',
    nextAt: expect.any(String),
  })
  // Five seconds later, by itself.
  await eventually(async () => expect(await states(id)).toEqual(Array(4).fill('delivered')))
  const [first, again, second] = receivedOf(slow)
  expect(again).toMatchObject({ id: first?.id, body: first?.body })
  expect(second?.id).not.toBe(first?.id)
})

test('many contacts side by side, each in order, however often the receiver fails', async () => {
  const { id } = await hook()
  const contacts = await Promise.all(Array.from({ length: 12 }, () => seedContact(installation.db)))
  let posts = 0
  receiver.answer = async (_, response) => {
    posts += 1
    const status = posts % 3 === 0 ? 503 : 200
    await new Promise((resolve) => setTimeout(resolve, 5))
    response.writeHead(status).end()
  }
  await Promise.all(contacts.map((contact) => change(contact, 5)))
  await eventually(async () => {
    await hoursLater()
    expect((await webhooks.deliveries(id, { limit: 100 })).filter(({ state }) => state === 'delivered')).toHaveLength(
      60,
    )
  }, 40_000)
  for (const contact of contacts) {
    const ids = receivedOf(contact).map((message) => Number(message.id.replace('evt_', '')))
    expect(ids).toEqual(ids.toSorted((a, b) => a - b))
    expect(new Set(ids).size).toBe(5)
  }
})

test('a receiver that is down gets everything when it is back', async () => {
  const { id } = await hook()
  await receiver.down()
  const contactId = await seedContact(installation.db)
  await change(contactId, 3)
  await eventually(async () =>
    expect((await webhooks.deliveries(id))[2]).toMatchObject({ attempts: 1, lastStatus: null }),
  )
  expect((await webhooks.deliveries(id))[2]?.lastError).toContain('ECONNREFUSED')
  await receiver.up()
  await hoursLater()
  await eventually(async () => expect(await states(id)).toEqual(Array(3).fill('delivered')))
  const ids = receiver.received.map((message) => message.id)
  expect(ids).toEqual(ids.toSorted((a, b) => Number(a.replace('evt_', '')) - Number(b.replace('evt_', ''))))
})

test('a redirect is a failure, and nobody goes there', async () => {
  const inside = await createReceiver()
  receiver.answer = (_, response) => void response.writeHead(302, { location: inside.url }).end()
  const { id } = await hook()
  await change(await seedContact(installation.db))
  await eventually(async () =>
    expect((await webhooks.deliveries(id))[0]?.lastError).toBe('answers 302: redirects are not followed'),
  )
  expect(inside.connections()).toBe(0)
})

test('410 disables the webhook, its workflow ends, and what waits behind is not posted', async () => {
  const { id } = await hook()
  receiver.answer = (_, response) => void response.writeHead(410).end()
  const contacts = await Promise.all(Array.from({ length: 20 }, () => seedContact(installation.db)))
  const changes = contacts.map((contact_id) => ({ contact_id, action: 'opted_in' as const, through: 'api' as const }))
  await recordConsent(installation.db, changes)
  const result = (await installation.temporal.workflow.getHandle(webhookWorkflowId(id)).result()) as DeliveryRound
  expect(result).toMatchObject({ ended: 'disabled', lastError: 'answers 410' })
  // Eight were under way at most.
  expect(receiver.received.length).toBeLessThanOrEqual(8)
  expect(result.pending).toBe(20 - receiver.received.length)
  expect((await webhooks.list())[0]).toMatchObject({ disabledReason: 'the receiver answers 410 Gone' })
})

test('after ten attempts an event has failed, and the next of that contact goes', async () => {
  const { id } = await hook()
  const contactId = await seedContact(installation.db)
  receiver.answer = (message, response) =>
    void response.writeHead(message.id === receiver.received[0]?.id ? 400 : 200).end()
  await change(contactId, 2)
  await eventually(async () => {
    await hoursLater()
    expect(await states(id)).toEqual(['failed', 'delivered'])
  }, 40_000)
  expect((await webhooks.deliveries(id))[1]).toMatchObject({ attempts: 10, lastError: 'answers 400' })
  expect(receivedOf(contactId)).toHaveLength(11)
})

test('429 with Retry-After: nothing at all for so long', async () => {
  const { id } = await hook()
  receiver.answer = (_, response) => void response.writeHead(429, { 'retry-after': '3600' }).end()
  await change(await seedContact(installation.db))
  await eventually(async () => expect((await webhooks.deliveries(id))[0]).toMatchObject({ attempts: 1 }))
  const { rows } = await sql<{ wait: number; hold: number }>`
    select extract(epoch from d.next_at - now())::int as wait, extract(epoch from w.held_until - now())::int as hold
    from webhook_delivery d join webhook w on w.id = d.webhook_id where w.id = ${id}`.execute(installation.db)
  expect(rows[0]?.wait).toBeGreaterThan(3000)
  expect(rows[0]?.hold).toBeGreaterThan(3000)
  await change(await seedContact(installation.db))
  await new Promise((resolve) => setTimeout(resolve, 2500))
  expect(receiver.received).toHaveLength(1)
  receiver.answer = (_, response) => void response.end()
  await webhooks.enable(id)
  await hoursLater()
  await eventually(async () => expect(await states(id)).toEqual(['delivered', 'delivered']))
})

test('disabled, enabled: what waited goes; what happened meanwhile only when it is replayed', async () => {
  const { id } = await hook()
  const contactId = await seedContact(installation.db)
  receiver.answer = (_, response) => void response.writeHead(500).end()
  await change(contactId)
  await eventually(() => expect(receiver.received).toHaveLength(1))
  await webhooks.disable(id, { reason: 'maintenance' })
  await installation.temporal.workflow.getHandle(webhookWorkflowId(id)).result()
  await change(contactId)
  receiver.answer = (_, response) => void response.end()
  await hoursLater()
  expect(await webhooks.enable(id)).toMatchObject({ disabledAt: null, warnings: [] })
  await eventually(async () => expect(await states(id)).toEqual(['delivered']))

  const since = new Date(Date.now() - 3_600_000).toISOString()
  const { replayed } = await webhooks.replay(id, { since })
  expect(replayed).toBeGreaterThanOrEqual(2)
  await eventually(async () => expect(new Set(await states(id))).toEqual(new Set(['delivered'])))
  const ids = receivedOf(contactId).map((message) => message.id)
  // The first one failed, was taken, and was replayed, under one id.
  expect(ids.filter((each) => each === ids[0])).toHaveLength(3)
  expect(new Set(ids).size).toBe(2)
  expect(await webhooks.replay(id, { event: ids[0] ?? '' })).toEqual({ replayed: 1 })
  await eventually(() => expect(receivedOf(contactId)).toHaveLength(5))
  await expect(webhooks.replay(id, { event: '999999999' })).rejects.toThrow(
    /^event: webhook \d+ has no event 999999999/,
  )
})

test('enabled again in the very moment in which its workflow comes to its end', async () => {
  const { id } = await hook()
  const contactId = await seedContact(installation.db)
  for (let time = 0; time < 5; time += 1) {
    await webhooks.disable(id)
    await new Promise((resolve) => setTimeout(resolve, 300 * time))
    await webhooks.enable(id)
    await change(contactId)
    await eventually(() => expect(receivedOf(contactId)).toHaveLength(time + 1))
  }
})

test('another URL holds for what waits', async () => {
  const { id } = await hook()
  await receiver.down()
  await change(await seedContact(installation.db))
  await eventually(async () => expect((await webhooks.deliveries(id))[0]?.attempts).toBe(1))
  const next = await createReceiver()
  await webhooks.update(id, { url: next.url })
  await hoursLater()
  await eventually(() => expect(next.received).toHaveLength(1))
})

test('a deleted webhook gets nothing more, and its workflow ends', async () => {
  const { id } = await hook()
  await webhooks.delete(id)
  const result = (await installation.temporal.workflow.getHandle(webhookWorkflowId(id)).result()) as DeliveryRound
  expect(result.ended).toBe('deleted')
  await change(await seedContact(installation.db))
  expect(receiver.received).toEqual([])
})
