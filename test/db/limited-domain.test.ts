import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, test } from 'vitest'
import { dispatchActivities } from '../../activities/dispatch.ts'
import { freezeAudience } from '../../db/audience.ts'
import { setLimit } from '../../db/limits.ts'
import { countFates } from '../../db/tally.ts'
import type { DispatchResult } from '../../workflows/contract.ts'
import { createDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'
import { scriptedChannel } from '../setup/scripted-channel.ts'
import { seedCampaign, seedCategory, seedContact, seedResource } from '../setup/seed.ts'

test('a range that gives way with none but a limited domain left goes behind the others', async () => {
  const { db } = await createDatabase()
  const resourceId = await seedResource(db)
  const { id: categoryId } = await seedCategory(db, resourceId)
  for (const domain of ['example.com', 'slow.example', 'example.com', 'slow.example', 'slow.example'])
    await seedContact(db, { address: `c${Math.random()}@${domain}`, subscriptions: { [categoryId]: 'subscribed' } })
  const campaignId = await seedCampaign(db, { resourceId, categories: [categoryId] })
  await freezeAudience(db, campaignId)
  // One in ten seconds: slow, and yet nothing that a worker would not wait for.
  const slow = { perSecond: 0.1, perDay: null, startsOn: null }
  await setLimit(db, { scope: 'domain', key: 'slow.example' }, slow, 'test')

  const stopping = new AbortController().signal
  const activities = dispatchActivities({ db, channel: scriptedChannel(), publicUrl: 'https://mail.example', stopping })
  const range = { campaignId, from: 1, to: 5 }
  const ended: Promise<DispatchResult> = new MockActivityEnvironment().run(() => activities.dispatchRange(range))
  await eventually(async () => expect(await countFates(db, campaignId)).toMatchObject({ sent: 3, queued: 2 }))
  // Other limits than it began with: it gives way.
  await setLimit(db, { scope: 'domain', key: 'other.example' }, slow, 'test')
  expect(await ended).toMatchObject({
    stopped: 'held',
    held: { by: 'domain slow.example', everybody: false },
    counts: { sent: 3, queued: 2, claimed: 0 },
  })
})
