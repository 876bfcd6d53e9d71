import { expect, test } from 'vitest'
import { Addressee } from '../../client/addressee.ts'
import type { OptOut } from '../../client/opt-outs.ts'
import type { Subscription } from '../../client/subscriptions.ts'
import type { Suppression } from '../../client/suppressions.ts'
import { atEnd } from '../setup/at-end.ts'
import { createDatabase } from '../setup/database.ts'
import { seedResource } from '../setup/seed.ts'
import { createCommand } from './command.ts'

const { db, url } = await createDatabase()
const cli = createCommand({ DATABASE_URL: url })
const addressee = new Addressee({ databaseUrl: url })
atEnd(() => addressee.close())
await seedResource(db, 'acme')
await addressee.categories.create({ resource: 'acme', title: 'News' })
const { id } = await addressee.contacts.save({ email: 'ada@example.com', externalId: 'shop-7' })

const said = async (...args: string[]) => {
  const { code, stderr } = await cli.addressee(args)
  return [code, stderr]
}
const statusOf = async (contact: string) => {
  const [subscription] = await cli.json<Subscription[]>(['subscriptions', 'list', contact])
  return [subscription?.status, subscription?.source]
}

test('a contact is subscribed, unsubscribed, and not subscribed again', async () => {
  const ground = ['--explanation', 'by telephone', '--by', 'grace']
  expect(await statusOf('ada@example.com')).toEqual(['not_subscribed', 'category'])
  expect(await said('subscriptions', 'subscribe', 'shop-7', 'news', ...ground)).toEqual([0, 'Subscribed.\n'])
  expect(await statusOf(id)).toEqual(['subscribed', 'category'])
  expect((await said('subscriptions', 'subscribe', id, 'news'))[1]).toContain('Subscribed already')
  expect(await said('subscriptions', 'unsubscribe', 'ADA@example.com', 'news')).toEqual([0, 'Unsubscribed.\n'])
  expect(await said('subscriptions', 'subscribe', 'shop-7', 'news')).toEqual([
    1,
    'error: contact: has refused, which stands. Only they themselves can take that back.\n',
  ])
  const events = db.selectFrom('consent_event').select(['action', 'through', 'actor', 'explanation']).orderBy('id')
  expect(await events.execute()).toMatchObject([
    { action: 'subscribed', through: 'operator', actor: 'grace', explanation: 'by telephone' },
    { action: 'unsubscribed', through: 'operator' },
  ])
  expect(await said('subscriptions', 'list', 'nobody')).toEqual([
    1,
    'error: contact: there is no such contact. Correct it, or create the contact first.\n',
  ])
})

test('opted out of a resource, then of everything, which decides', async () => {
  expect(await said('opt-outs', 'create', 'shop-7', '--resource', 'acme')).toEqual([0, 'Opted out.\n'])
  expect(await statusOf('shop-7')).toEqual(['unsubscribed', 'resource'])
  expect(await said('opt-outs', 'create', 'shop-7')).toEqual([0, 'Opted out.\n'])
  expect(await statusOf('shop-7')).toEqual(['unsubscribed', 'everything'])
  const listed = await cli.json<OptOut[]>(['opt-outs', 'list', 'shop-7'])
  expect(listed.map(({ resource, source }) => [resource, source])).toEqual([
    [null, 'operator'],
    ['acme', 'operator'],
  ])
  expect((await said('opt-outs', 'create', 'shop-7', '--resource', 'nothing'))[0]).toBe(1)
})

test('an address is suppressed, found and let go', async () => {
  const [created] = await cli.json<Suppression[]>(['suppressions', 'create', 'X@example.com', '--reason', 'a letter'])
  expect(created).toMatchObject({ kind: 'blacklisted', reason: 'a letter' })
  expect(await cli.json(['suppressions', 'find', 'x@example.com'])).toEqual([created])
  expect(await said('suppressions', 'remove', 'x@example.com')).toEqual([0, 'The address may be mailed again.\n'])
  expect(await said('suppressions', 'remove', 'x@example.com')).toEqual([0, 'The address was not suppressed.\n'])
  expect((await said('suppressions', 'create', 'no address'))[0]).toBe(1)
})

test('double opt-in: asked by mail, also with Temporal away, and who refused only when they ask for it', async () => {
  const { key } = await addressee.categories.create({ resource: 'acme', title: 'Offers', doubleOptIn: true })
  await addressee.contacts.save({ email: 'bob@example.com', externalId: 'shop-8' })
  const away = { env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } }
  const ask = (...more: string[]) => cli.addressee(['subscriptions', 'subscribe', 'shop-8', key, ...more], away)
  expect(await ask()).toMatchObject({ code: 0, stderr: 'Asked to confirm by mail; not subscribed until they do.\n' })
  await said('subscriptions', 'unsubscribe', 'shop-8', key)
  expect(await ask()).toMatchObject({ code: 1 })
  expect(await ask('--asked')).toMatchObject({ code: 0, stderr: expect.stringMatching(/^Asked to confirm/) as string })
})

test('nobody is subscribed to what is archived, nor to a resource that does not take where they come from', async () => {
  await addressee.contacts.save({ email: 'eve@example.com' })
  await addressee.categories.create({ resource: 'acme', title: 'Old' })
  await addressee.categories.archive('old')
  expect(await said('subscriptions', 'subscribe', 'eve@example.com', 'old')).toEqual([
    1,
    'error: category: category old is archived. Unarchive it first, or name another.\n',
  ])
  await seedResource(db, 'choosy')
  await addressee.resources.update('choosy', { contactSources: ['fair'] })
  await addressee.categories.create({ resource: 'choosy', title: 'Chosen' })
  const [code, stderr] = await said('subscriptions', 'subscribe', 'eve@example.com', 'chosen')
  expect([code, stderr]).toEqual([1, expect.stringContaining('source that resource choosy does not take')])
})
