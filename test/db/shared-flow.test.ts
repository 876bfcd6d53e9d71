import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Claims } from '../../activities/claims.ts'
import { Flows } from '../../activities/flow.ts'
import { createPace } from '../../activities/pace.ts'
import { sendClaimed } from '../../activities/send-claimed.ts'
import { SettlementWriter } from '../../activities/settlement-writer.ts'
import { freezeAudience } from '../../db/audience.ts'
import { sendingCampaign } from '../../db/campaigns.ts'
import { criteriaOf } from '../../db/criteria.ts'
import { settle } from '../../db/settle.ts'
import { countFates } from '../../db/tally.ts'
import { createDatabase } from '../setup/database.ts'
import { scriptedChannel } from '../setup/scripted-channel.ts'
import { seedCampaign, seedCategory, seedContact, seedResource } from '../setup/seed.ts'

const unmeasured = { messages: () => {}, settled: () => {}, seconds: () => {}, connectionsInUse: () => {} }

test('a range that finds no room beside another one of its campaign goes on when the other makes some', async () => {
  const { db } = await createDatabase()
  const resourceId = await seedResource(db)
  const { id: categoryId } = await seedCategory(db, resourceId)
  for (let index = 0; index < 5; index += 1) await seedContact(db, { subscriptions: { [categoryId]: 'subscribed' } })
  const campaignId = await seedCampaign(db, { resourceId, categories: [categoryId] })
  await freezeAudience(db, campaignId)
  const claimer = { campaignId, from: 1, to: 5, token: randomUUID() }
  const { compile, transport } = scriptedChannel()
  const { flow } = new Flows().join(campaignId)
  // What the range before has claimed, at a rate at which a small claim is not worth its statement.
  flow.perSecond = 10_000
  flow.claimed(240)

  const signal = new AbortController().signal
  const writer = new SettlementWriter(
    (group) => settle(db, claimer, 'email', group),
    () => flow.settled(),
  )
  const claims = new Claims({
    db,
    criteria: await criteriaOf(db, campaignId),
    claimer,
    domains: { without: [] },
    pace: createPace(db, [], signal, unmeasured),
    flow,
    unwritten: () => writer.unwritten,
    capacity: transport.capacity,
    metrics: unmeasured,
    onExhausted: () => {},
  })
  const campaign = await sendingCampaign(db, campaignId)
  // The scripted channel composes without looking at the campaign.
  const compiled = compile(undefined as never)
  const halt = () => {}
  const sent = sendClaimed({ campaign, compiled, transport, claims, writer, flow, metrics: unmeasured, halt })
  await sleep(100)
  expect(await countFates(db, campaignId)).toMatchObject({ queued: 5 })

  for (let message = 0; message < 240; message += 1) flow.answered()
  await sent
  await writer.flush()
  expect(await countFates(db, campaignId)).toMatchObject({ sent: 5 })
})
