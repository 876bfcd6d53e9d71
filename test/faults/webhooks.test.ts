import { expect, test } from 'vitest'
import { recordConsent } from '../../db/consent.ts'
import { eventually } from '../setup/eventually.ts'
import { createFaultSite, stopWorker } from '../setup/fault-site.ts'
import { createReceiver } from '../setup/receiver.ts'
import { seedContact } from '../setup/seed.ts'

const env = { ADDRESSEE_PRIVATE_WEBHOOKS: 'allow' }
const patience = 60_000

test('a worker that is killed while it posts: the event comes again under its id, in its place', {
  timeout: 180_000,
}, async () => {
  const { installation, startWorker } = await createFaultSite()
  const receiver = await createReceiver()
  const { db, addressee } = installation
  const { id } = await addressee.webhooks.create({ url: receiver.url })
  const contact_id = await seedContact(db)
  const change = () => recordConsent(db, [{ contact_id, action: 'opted_in', through: 'api' }])
  // Takes the first one, and does not say so.
  receiver.answer = () => {}
  const doomed = await startWorker({ env })
  await change()
  await change()
  await eventually(() => expect(receiver.received).toHaveLength(1), patience)
  doomed.process.kill('SIGKILL')
  await doomed.ended
  receiver.answer = (_, response) => void response.end()

  await startWorker({ env })
  await eventually(() => expect(receiver.received).toHaveLength(3), patience)
  const [first, again, second] = receiver.received
  expect(again).toMatchObject({ id: first?.id, body: first?.body })
  expect(Number(second?.id.replace('evt_', ''))).toBeGreaterThan(Number(first?.id.replace('evt_', '')))
  await eventually(async () =>
    expect((await addressee.webhooks.deliveries(id)).map(({ state }) => state)).toEqual(['delivered', 'delivered']),
  )
})

test('a worker that is told to stop finishes what it posts, and the next goes on', { timeout: 180_000 }, async () => {
  const { installation, startWorker } = await createFaultSite()
  const receiver = await createReceiver()
  const { db, addressee } = installation
  const { id, secret } = await addressee.webhooks.create({ url: `${receiver.url}?token=hidden` })
  const contact_id = await seedContact(db, { address: 'ada@example.com' })
  const change = () => recordConsent(db, [{ contact_id, action: 'opted_in', through: 'api' }])
  const states = async () => (await addressee.webhooks.deliveries(id)).map(({ state }) => state).toReversed()
  receiver.answer = async (_, response) => {
    await new Promise((resolve) => setTimeout(resolve, 2000))
    response.writeHead(receiver.received.length === 1 ? 500 : 200).end()
  }
  const first = await startWorker({ env })
  await change()
  await change()
  await eventually(() => expect(receiver.received).toHaveLength(1), patience)
  await stopWorker(first)
  expect(await states()).toEqual(['pending', 'pending'])
  expect((await addressee.webhooks.deliveries(id)).at(-1)).toMatchObject({ attempts: 1, lastStatus: 500 })
  expect(receiver.received).toHaveLength(1)
  expect(first.stdout()).toContain('"msg":"webhook attempt failed"')
  // Neither the payload nor the secret nor the URL.
  for (const secretThing of [secret, 'token=hidden', 'opted_in', '@example.com'])
    expect(first.stdout()).not.toContain(secretThing)

  await startWorker({ env })
  await eventually(async () => expect(await states()).toEqual(['delivered', 'delivered']), patience)
  expect(receiver.received).toHaveLength(3)
})

test('a worker that nobody told to allow them posts to no private address', { timeout: 180_000 }, async () => {
  const { installation, startWorker } = await createFaultSite()
  const receiver = await createReceiver()
  const { db, addressee } = installation
  const { id } = await addressee.webhooks.create({ url: receiver.url.replace('http:', 'https:') })
  await startWorker()
  await recordConsent(db, [{ contact_id: await seedContact(db), action: 'opted_in', through: 'api' }])
  await eventually(
    async () =>
      expect((await addressee.webhooks.deliveries(id))[0]).toMatchObject({
        attempts: 1,
        lastError: 'the URL must not lead to a private or local address',
      }),
    patience,
  )
  expect(receiver.connections()).toBe(0)
})
