import { beforeAll, expect, test } from 'vitest'
import type { Outcome } from '../../channels/channel.ts'
import type { Campaigns } from '../../client/campaigns.ts'
import type { CampaignDefinition } from '../../domain/campaign-definition.ts'
import type { Progress } from '../../workflows/contract.ts'
import { seedSubscribers } from '../setup/bulk-campaign.ts'
import { eventually } from '../setup/eventually.ts'
import { createInstallation, type Installation } from '../setup/installation.ts'
import { accepted, scriptedChannel } from '../setup/scripted-channel.ts'
import { seedResource } from '../setup/seed.ts'
import { writeHistory } from './write-history.ts'

const channel = scriptedChannel(10)
let installation: Installation
let campaigns: Campaigns
let resourceId: string
beforeAll(async () => {
  installation = await createInstallation()
  campaigns = installation.addressee.campaigns
  resourceId = await seedResource(installation.db, 'acme')
  await installation.startWorkers(channel)
})

async function definitionFor(size: number): Promise<CampaignDefinition> {
  const category = await seedSubscribers(installation.db, resourceId, size)
  const content = { en: { subject: 'Hello', text: 'Hello {{ unsubscribe_url }}' } }
  return { key: category.key, resource: 'acme', categories: [category.key], content }
}

const slowly = async (): Promise<Outcome> => {
  await new Promise((resolve) => setTimeout(resolve, 20))
  return accepted
}
const soon = () => new Date(Date.now() + 3_600_000)

/** The limit that holds a campaign, as its workflow knows it. */
const holdOf = (key: string) =>
  eventually(async () => {
    const { workflowId } = await campaigns.get(key)
    const { hold } = await installation.temporal.workflow.getHandle(workflowId).query<Progress>('progress')
    expect(hold).not.toBeNull()
    return hold?.by
  })

/** Runs one campaign in one way and keeps its history: each run of it in a file of its own. */
async function record(
  name: string,
  size: number,
  extra: Partial<CampaignDefinition>,
  steer: (key: string) => Promise<unknown>,
) {
  const { key, workflowId } = await campaigns.schedule({ ...(await definitionFor(size)), ...extra })
  const first = await installation.temporal.workflow.getHandle(workflowId).describe()
  await steer(key)
  await installation.temporal.workflow.getHandle(workflowId).result()
  channel.answer = () => accepted
  let runId: string | undefined = first.runId
  for (let run = 1; runId !== undefined; run += 1) {
    const history = await installation.temporal.workflow.getHandle(workflowId, runId).fetchHistory()
    await writeHistory(`campaign--${name}${run > 1 ? `-run-${run}` : ''}`, history)
    runId = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined
  }
}

test('sent', () => record('sent', 3, { now: true }, async () => {}))

test('steered while it waits', () =>
  record('steered-while-waiting', 3, { sendAt: soon() }, async (key) => {
    await campaigns.pause(key, { by: 'ada', reason: 'a typo' })
    await campaigns.resume(key, { by: 'ada' })
    await campaigns.reschedule(key, soon(), { by: 'ada' })
    await campaigns.sendNow(key, { by: 'ada' })
  }))

test('paused while it sends', () => {
  channel.answer = slowly
  return record('paused-while-sending', 300, { now: true }, async (key) => {
    await eventually(async () => expect((await campaigns.get(key)).counts.sent).toBeGreaterThan(20))
    await campaigns.pause(key, { by: 'ada' })
    await eventually(async () => expect((await campaigns.get(key)).counts.claimed).toBe(0))
    channel.answer = () => accepted
    await campaigns.resume(key, { by: 'ada' })
  })
})

test('cancelled while it waits', () =>
  record('cancelled-while-waiting', 3, { sendAt: soon() }, (key) => campaigns.cancel(key, { by: 'ada' })))

test('cancelled while it sends', () => {
  channel.answer = slowly
  return record('cancelled-while-sending', 300, { now: true }, async (key) => {
    await eventually(async () => expect((await campaigns.get(key)).counts.sent).toBeGreaterThan(20))
    await campaigns.cancel(key, { by: 'ada' })
  })
})

test('cancelled in Temporal while it sends', () => {
  channel.answer = slowly
  return record('cancelled-in-temporal', 300, { now: true }, async (key) => {
    await eventually(async () => expect((await campaigns.get(key)).counts.sent).toBeGreaterThan(20))
    await installation.temporal.workflow.getHandle((await campaigns.get(key)).workflowId).cancel()
  })
})

test('deferred, then sent', () => {
  const seen = new Set<string>()
  channel.answer = ({ to }) => {
    if (seen.has(to)) return accepted
    seen.add(to)
    return { kind: 'deferred', code: 451, response: '451 later' }
  }
  return record('deferred', 3, { now: true, retryDelaysSeconds: [1] }, async () => {})
})

test('paused by itself, because the server refuses us', () => {
  channel.answer = () => ({ kind: 'misconfigured', code: 535, response: '535 authentication failed' })
  return record('paused-by-itself', 3, { now: true }, async (key) => {
    await eventually(async () => expect((await campaigns.get(key)).state).toBe('paused'))
    channel.answer = () => accepted
    await campaigns.resume(key, { by: 'ada' })
  })
})

test('held by the limit of the campaign, then of a domain', () => {
  const { limits } = installation.addressee
  return record('held', 6, { sendAt: soon() }, async (key) => {
    await limits.set({ scope: 'campaign', key, perDay: [2] })
    await campaigns.sendNow(key, { by: 'ada' })
    await eventually(async () => expect((await campaigns.get(key)).counts).toMatchObject({ sent: 2, queued: 4 }))
    await holdOf(key)
    await limits.set({ scope: 'domain', key: 'example.com', perDay: [1] })
    await limits.remove('campaign', key)
    await campaigns.resume(key, { by: 'ada' })
    await eventually(async () => expect(await holdOf(key)).toBe('domain example.com'))
    await limits.remove('domain', 'example.com')
    await campaigns.resume(key, { by: 'ada' })
  })
})

test('other limits while it sends', () => {
  const { limits } = installation.addressee
  channel.answer = slowly
  return record('turn-over', 600, { now: true }, async (key) => {
    await eventually(async () => expect((await campaigns.get(key)).counts.sent).toBeGreaterThan(20))
    await limits.set({ scope: 'campaign', key, perSecond: 1000 })
  })
})

test('continued as new', () => record('continued', 12_000, { now: true }, async () => {}))
