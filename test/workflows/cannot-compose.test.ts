import { expect, test } from 'vitest'
import type { OutgoingMessage, Recipient } from '../../channels/channel.ts'
import { seedSubscribers } from '../setup/bulk-campaign.ts'
import { eventually } from '../setup/eventually.ts'
import { createInstallation } from '../setup/installation.ts'
import { scriptedChannel } from '../setup/scripted-channel.ts'
import { seedResource } from '../setup/seed.ts'

/** The second recipient's template fails, the third one's signature; others are signed, or not at all. */
function compose({ seq, address }: Recipient): OutgoingMessage | Promise<OutgoingMessage> {
  const message = { from: 'news@acme.example', to: address, raw: '' }
  if (seq === 2) throw new Error('memory alloc limit exceeded')
  if (seq === 3) return Promise.reject(new Error('the DKIM key could not sign'))
  return seq % 2 === 0 ? Promise.resolve(message) : message
}

test('whose message cannot be composed or signed fails alone', async () => {
  const installation = await createInstallation()
  const resourceId = await seedResource(installation.db, 'acme')
  const { key } = await seedSubscribers(installation.db, resourceId, 12)
  const channel = { ...scriptedChannel(), compile: () => ({ compose }) }
  await installation.startWorkers(channel)

  const { campaigns } = installation.addressee
  const content = { en: { subject: 'Hello', text: 'Hello {{ unsubscribe_url }}' } }
  await campaigns.schedule({ key, resource: 'acme', categories: [key], content, now: true })
  await eventually(async () => expect(await campaigns.get(key)).toMatchObject({ state: 'finished' }))

  expect((await campaigns.get(key)).counts).toMatchObject({ sent: 10, failed: 2 })
  expect(await campaigns.recipients(key, { state: 'failed' })).toMatchObject([
    { seq: 2, reason: 'template', response: 'memory alloc limit exceeded' },
    { seq: 3, reason: 'template', response: 'the DKIM key could not sign' },
  ])
  expect(channel.sent).toHaveLength(10)
})
