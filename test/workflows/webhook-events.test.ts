import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { unsubscribe } from '../../db/unsubscribe.ts'
import { eventually } from '../setup/eventually.ts'
import { createInstallation } from '../setup/installation.ts'
import { createReceiver } from '../setup/receiver.ts'
import { scriptedChannel } from '../setup/scripted-channel.ts'
import { act, claimsOf, seedSent } from '../setup/unsubscribe-seed.ts'

// What happens elsewhere, as a receiver hears of it.

const installation = await createInstallation()
const { webhooks } = installation.addressee
await installation.startWorkers(scriptedChannel())

test('a one-click unsubscribe calls the URL of the resource', async () => {
  const receiver = await createReceiver()
  const sent = await seedSent(installation.db)
  await sql`update resource set called_url = ${receiver.url} where id = ${sent.resourceId}`.execute(installation.db)
  const called = (await webhooks.list()).find(({ isCalledUrl }) => isCalledUrl)
  await webhooks.enable(called?.id ?? '')
  await unsubscribe(installation.db, claimsOf(sent), act)
  await eventually(() => expect(receiver.received).toHaveLength(1))
  expect(receiver.received[0]?.event).toMatchObject({
    type: 'channel.unsubscribed',
    data: { contactId: sent.contactId, campaignId: sent.campaignId, through: 'one_click' },
  })
  await expect(webhooks.delete(called?.id ?? '')).rejects.toThrow(/stands for the called URL of resource/)
  await sql`update resource set called_url = null where id = ${sent.resourceId}`.execute(installation.db)
})

test('a campaign tells of each recipient and of its end, when it is asked to', async () => {
  const receiver = await createReceiver()
  const { id } = await webhooks.create({ url: receiver.url, kinds: ['recipient.sent', 'campaign.finished'] })
  const { db, addressee } = installation
  const { resourceId, categories } = await seedSent(db)
  const resource = await db.selectFrom('resource').select('key').where('id', '=', resourceId).executeTakeFirstOrThrow()
  const category = await db
    .selectFrom('category')
    .select('key')
    .where('id', '=', categories[0]?.id ?? '')
    .executeTakeFirstOrThrow()
  const content = { en: { subject: 'Hello', text: 'Hello {{ unsubscribe_url }}' } }
  await addressee.campaigns.schedule({
    key: 'told',
    resource: resource.key,
    categories: [category.key],
    content,
    now: true,
  })
  await eventually(async () =>
    expect(await webhooks.deliveries(id)).toMatchObject([{ state: 'delivered' }, { state: 'delivered' }]),
  )
  expect(receiver.received.map(({ event }) => event)).toMatchObject([
    { type: 'recipient.sent', data: { campaign: 'told', seq: 1, serverId: 'q1' } },
    { type: 'campaign.finished', data: { campaign: 'told', audience: 1, sent: 1 } },
  ])
})
