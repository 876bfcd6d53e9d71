import { expect, test } from 'vitest'
import { Addressee } from '../../client/addressee.ts'
import type { Delivery, Webhook, WebhookWithSecret } from '../../client/webhooks.ts'
import { recordConsent } from '../../db/consent.ts'
import { atEnd } from '../setup/at-end.ts'
import { createDatabase } from '../setup/database.ts'
import { seedContact, seedResource } from '../setup/seed.ts'
import { createCommand } from './command.ts'

// Where nobody is: a webhook can be made while Temporal is away.
const temporalAddress = '127.0.0.1:9'
const { db, url } = await createDatabase()
await seedResource(db, 'acme')
const cli = createCommand({ DATABASE_URL: url, TEMPORAL_ADDRESS: temporalAddress })
const addressee = new Addressee({ databaseUrl: url, temporalAddress })
atEnd(() => addressee.close())
const { webhooks } = addressee

const shop = 'https://shop.example.com/hook'
const change = async () =>
  recordConsent(db, [{ contact_id: await seedContact(db), action: 'opted_in', through: 'api' }])

test('a webhook is created, shown, changed, disabled, enabled and deleted', async () => {
  const args = ['webhooks', 'create', shop, '--kind', 'campaign.finished', '--kind', 'campaign.paused']
  const { stdout, stderr, code } = await cli.addressee([...args, '--resource', 'acme', '--description', 'the shop'])
  expect(code).toBe(0)
  expect(stderr).toMatch(/^warning: Temporal does not answer at 127\.0\.0\.1:9/)
  expect(stderr).toContain('Keep the secret: it is not shown again.')
  expect(stdout).toMatch(/\nsecret {2}whsec_[A-Za-z0-9+/]{43}=\n$/)
  const [created] = await cli.json<Webhook[]>(['webhooks', 'list'])
  expect(created).toEqual({
    id: expect.any(String),
    url: shop,
    description: 'the shop',
    kinds: ['campaign.finished', 'campaign.paused'],
    resource: 'acme',
    accessGroup: null,
    isCalledUrl: false,
    createdAt: expect.stringMatching(/Z$/),
    disabledAt: null,
    disabledReason: null,
  })
  const id = created?.id ?? ''

  const changes = ['--url', 'https://other.example.com/', '--kind', 'recipient.failed', '--access-group', 'north']
  expect(await cli.json(['webhooks', 'update', id, ...changes])).toEqual({
    ...created,
    url: 'https://other.example.com/',
    kinds: ['recipient.failed'],
    accessGroup: 'north',
  })
  expect(await cli.json(['webhooks', 'disable', id, '--reason', 'too noisy'])).toMatchObject({
    disabledAt: expect.stringMatching(/Z$/),
    disabledReason: 'too noisy',
  })
  expect((await cli.addressee(['webhooks', 'list'])).stdout).toContain('disabled: too noisy')
  expect(await cli.json(['webhooks', 'enable', id])).toMatchObject({ disabledAt: null, disabledReason: null })
  const rotated = await cli.json<WebhookWithSecret>(['webhooks', 'rotate-secret', id])
  expect(rotated.secret).toMatch(/^whsec_/)
  expect(stdout).not.toContain(rotated.secret)
  expect(await cli.json(['webhooks', 'delete', id])).toMatchObject({ id })
  expect(await webhooks.list()).toEqual([])
})

test('deliveries are listed, and replayed', async () => {
  const { id } = await webhooks.create({ url: shop })
  await change()
  await change()
  const listed = await cli.json<Delivery[]>(['webhooks', 'deliveries', id])
  expect(listed).toMatchObject([
    { kind: 'subscription.changed', state: 'pending', attempts: 0, lastError: null, deliveredAt: null },
    { kind: 'subscription.changed', state: 'pending' },
  ])
  const [newest, oldest] = listed
  expect(await cli.json(['webhooks', 'deliveries', id, '--before', newest?.eventId ?? ''])).toEqual([oldest])
  expect(await cli.json(['webhooks', 'deliveries', id, '--state', 'failed'])).toEqual([])
  await db.updateTable('webhook_delivery').set({ state: 'failed', attempts: 10, last_error: 'answers 500' }).execute()
  expect((await cli.addressee(['webhooks', 'deliveries', id])).stdout).toMatch(/failed +10 +- +answers 500/)

  const since = ['webhooks', 'replay', id, '--since', new Date(Date.now() - 60_000).toISOString()]
  expect(await cli.addressee(since)).toEqual({
    code: 0,
    stdout: '',
    stderr: `2 events are posted to webhook ${id} once more.\n`,
  })
  expect(await webhooks.deliveries(id)).toMatchObject([{ state: 'pending', attempts: 0 }, { state: 'pending' }])
  await db.updateTable('webhook_delivery').set({ state: 'delivered' }).execute()
  expect(await webhooks.replay(id, { event: oldest?.eventId ?? '' })).toEqual({ replayed: 1 })
  expect(await webhooks.deliveries(id)).toMatchObject([{ state: 'delivered' }, { state: 'pending' }])
})

test.each([
  [{ url: 'http://shop.example.com/' }, /^url: must begin with https/],
  [{ url: 'https://169.254.169.254/latest' }, /^url: must not lead to a private or local address/],
  [{ url: 'https://[::ffff:127.0.0.1]/' }, /^url: must not lead to a private/],
  [{ url: 'javascript:alert(1)' }, /^url: must begin with https/],
  [{ url: 'nowhere' }, /^url: must be a URL/],
  [{ url: shop, kinds: ['everything'] }, /^kinds: must be one of subscription\.changed, /],
  [{ url: shop, kinds: [] }, /^kinds: must name a kind/],
  [{ url: shop, resource: 'nobody' }, /^resource: there is no resource nobody/],
  [{ url: shop, accessGroup: '' }, /^accessGroup: must not be empty/],
  [{ url: shop, description: 'a'.repeat(201) }, /^description: must have at most 200 characters/],
  [{ url: shop, uri: shop }, /^uri: /],
  [{}, /^url: must be a URL/],
])('%j is refused', async (webhook, message) => {
  const before = (await webhooks.list()).length
  await expect(webhooks.create(webhook as never)).rejects.toThrow(message)
  expect(await webhooks.list()).toHaveLength(before)
})

test('what is unknown, or makes no sense, is refused', async () => {
  const { id } = await webhooks.create({ url: shop })
  for (const unknown of ['999', 'shop', ''])
    await expect(webhooks.disable(unknown)).rejects.toThrow(`webhook: there is no webhook ${unknown}.`)
  await expect(webhooks.replay(id, { since: 'yesterday' })).rejects.toThrow(/^since: /)
  await expect(webhooks.replay(id, {} as never)).rejects.toThrow(/^event: must be either since/)
  await expect(webhooks.deliveries(id, { limit: 100_000 })).rejects.toThrow(/^limit: must be at most 1000/)
  await expect(webhooks.update(id, { url: 'https://10.0.0.1/' })).rejects.toThrow(/^url: must not lead/)
  expect((await cli.addressee(['webhooks', 'delete', '999'])).code).toBe(1)
  expect((await cli.addressee(['webhooks', 'create', shop, '--kind', 'everything'])).code).toBe(1)
})
