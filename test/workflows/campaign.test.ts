import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import type { CampaignReport } from '../../workflows/contract.ts'
import { eventually } from '../setup/eventually.ts'
import { createInstallation, type Installation } from '../setup/installation.ts'
import { accepted, scriptedChannel } from '../setup/scripted-channel.ts'
import { seedCategory, seedContact, seedResource } from '../setup/seed.ts'

const channel = scriptedChannel()
let installation: Installation
let resource: string
let resourceId: string

beforeAll(async () => {
  installation = await createInstallation()
  resource = 'acme'
  resourceId = await seedResource(installation.db, resource)
  await installation.startWorkers(channel)
})

/** A category with so many subscribers, and a definition of a campaign to it. */
async function audienceOf(size: number) {
  const { db } = installation
  const category = await seedCategory(db, resourceId)
  const addresses: string[] = []
  for (let index = 0; index < size; index += 1) {
    const address = `${category.key}-${index}@example.com`
    addresses.push(address)
    await seedContact(db, { address, subscriptions: { [category.id]: 'subscribed' } })
  }
  const content = { en: { subject: 'Hello', text: 'Hello {{ contact.first_name }} {{ unsubscribe_url }}' } }
  return { addresses, definition: { key: category.key, resource, categories: [category.key], content } }
}

const resultOf = (workflowId: string) =>
  installation.temporal.workflow.getHandle(workflowId).result() as Promise<CampaignReport>

test('a campaign is sent to its audience, once each, and says so', async () => {
  const { addresses, definition } = await audienceOf(7)
  const scheduled = await installation.addressee.campaigns.schedule({ ...definition, now: true })
  expect(scheduled).toMatchObject({ created: true, state: 'scheduled', warnings: [] })

  expect(await resultOf(scheduled.workflowId)).toEqual({
    campaignId: scheduled.id,
    state: 'finished',
    audience: 7,
    candidates: expect.any(Number),
    counts: { queued: 0, claimed: 0, sent: 7, failed: 0, skipped: 0, unknown: 0 },
  })
  expect(channel.sent.filter((to) => addresses.includes(to)).toSorted()).toEqual(addresses.toSorted())
  expect(await installation.addressee.campaigns.get(scheduled.key)).toMatchObject({ state: 'finished', audience: 7 })
})

test('the same key is the same campaign', async () => {
  const { definition } = await audienceOf(1)
  const first = await installation.addressee.campaigns.schedule({ ...definition, now: true })
  await resultOf(first.workflowId)
  const second = await installation.addressee.campaigns.schedule({ ...definition, now: true })
  expect(second).toMatchObject({ id: first.id, created: false, state: 'finished' })
  expect(channel.sent.filter((to) => to.startsWith(`${definition.key}-`))).toHaveLength(1)
})

test('a campaign waits for its hour, and can be put off, sent now and cancelled while it waits', async () => {
  const { campaigns } = installation.addressee
  const { definition } = await audienceOf(1)
  const scheduled = await campaigns.schedule({ ...definition, sendAt: new Date(Date.now() + 3_600_000) })
  const later = new Date(Date.now() + 7_200_000)
  expect(await campaigns.reschedule(scheduled.key, later)).toMatchObject({
    state: 'scheduled',
    sendAt: later.toISOString(),
  })
  expect(await progressOf(scheduled.workflowId)).toMatchObject({ state: 'scheduled', sendAt: later.toISOString() })
  await campaigns.sendNow(scheduled.key)
  expect(await resultOf(scheduled.workflowId)).toMatchObject({ state: 'finished', counts: { sent: 1 } })
  await expect(campaigns.reschedule(scheduled.key, later)).rejects.toThrow(/is finished and cannot be changed/)

  const other = await campaigns.schedule({ ...definition, key: `${definition.key}-2`, sendAt: later })
  await campaigns.cancel(other.key, { by: 'ada', reason: 'wrong month' })
  expect(await resultOf(other.workflowId)).toMatchObject({ state: 'cancelled', audience: 0 })
})

const progressOf = (workflowId: string) => installation.temporal.workflow.getHandle(workflowId).query('progress')

test('a pause holds within what is in flight; resume goes on; nobody is sent to twice', async () => {
  const { campaigns } = installation.addressee
  const { addresses, definition } = await audienceOf(30)
  const mine = () => channel.sent.filter((to) => addresses.includes(to))
  channel.answer = async () => {
    await new Promise((resolve) => setTimeout(resolve, 30))
    return accepted
  }
  const { key, workflowId } = await campaigns.schedule({ ...definition, now: true })
  await eventually(() => expect(mine().length).toBeGreaterThan(2))
  const { counts: atPause, remaining } = await campaigns.pause(key, { by: 'ada', reason: 'a typo' })
  expect(atPause).toMatchObject({ claimed: 0, queued: remaining, sent: 30 - remaining })
  expect(remaining).toBeGreaterThan(0)
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(mine()).toHaveLength(atPause.sent)
  expect(await progressOf(workflowId)).toMatchObject({ state: 'paused', pausedBy: 'ada', pauseReason: 'a typo' })

  channel.answer = () => accepted
  await campaigns.resume(key)
  expect(await resultOf(workflowId)).toMatchObject({ counts: { sent: 30, queued: 0 } })
  expect(mine().toSorted()).toEqual(addresses.toSorted())
})

test('a cancel in the middle skips who was not sent to, and the sum holds', async () => {
  const { campaigns } = installation.addressee
  const { definition } = await audienceOf(30)
  channel.answer = async () => {
    await new Promise((resolve) => setTimeout(resolve, 30))
    return accepted
  }
  const { key, workflowId } = await campaigns.schedule({ ...definition, now: true })
  await eventually(async () => expect((await campaigns.get(key)).counts.sent).toBeGreaterThan(2))
  const { remaining } = await campaigns.cancel(key)
  const { counts } = await resultOf(workflowId)
  channel.answer = () => accepted
  expect(counts.skipped).toBe(remaining)
  expect(remaining).toBeGreaterThan(0)
  expect(counts).toEqual({
    queued: 0,
    claimed: 0,
    sent: 30 - counts.skipped,
    failed: 0,
    skipped: counts.skipped,
    unknown: 0,
  })
  expect((await campaigns.recipients(key, { state: 'skipped' })).map((row) => row.reason)).toEqual(
    Array.from({ length: counts.skipped }, () => 'cancelled'),
  )
})

test('deferred recipients are tried again after their delay, and fail after the last', async () => {
  const { addresses, definition } = await audienceOf(3)
  const tries = new Map<string, number>()
  channel.answer = ({ to }) => {
    tries.set(to, (tries.get(to) ?? 0) + 1)
    if (to === addresses[0]) return { kind: 'deferred', code: 451, response: '451 later' }
    if (to === addresses[1] && tries.get(to) === 1) return { kind: 'deferred', code: 450, response: '450 greylisted' }
    return accepted
  }
  const { key, workflowId } = await installation.addressee.campaigns.schedule({
    ...definition,
    now: true,
    retryDelaysSeconds: [1, 1],
  })
  expect(await resultOf(workflowId)).toMatchObject({ counts: { sent: 2, failed: 1 } })
  channel.answer = () => accepted
  expect(addresses.map((to) => tries.get(to))).toEqual([3, 2, 1])
  expect(await installation.addressee.campaigns.recipients(key, { state: 'failed' })).toMatchObject([
    { address: addresses[0], reason: 'deferred_too_often', code: 451, attempts: 3 },
  ])
})

test('a server that refuses us pauses the campaign with the reason, and burns nobody', async () => {
  const { campaigns } = installation.addressee
  const { definition } = await audienceOf(5)
  channel.answer = () => ({ kind: 'misconfigured', code: 535, response: '535 authentication failed' })
  const { key, workflowId } = await campaigns.schedule({ ...definition, now: true })
  await eventually(async () => {
    expect(await campaigns.get(key)).toMatchObject({ state: 'paused', pausedBy: 'addressee', counts: { queued: 5 } })
  })
  expect((await campaigns.get(key)).pauseReason).toBe(
    'the SMTP server refuses us, not the recipient: 535 authentication failed',
  )
  channel.answer = () => accepted
  await campaigns.resume(key)
  expect(await resultOf(workflowId)).toMatchObject({ counts: { sent: 5 } })
})

test('a mail server that is away is waited for, and costs nobody a try', async () => {
  const { campaigns } = installation.addressee
  const { definition } = await audienceOf(5)
  let away = true
  channel.answer = () => (away ? { kind: 'unavailable', response: 'connect ECONNREFUSED' } : accepted)
  const { key, workflowId } = await campaigns.schedule({ ...definition, now: true })
  const failure = await eventually(async () => {
    const { raw } = await installation.temporal.workflow.getHandle(workflowId).describe()
    const pending = raw.pendingActivities?.[0]
    expect(pending?.attempt).toBeGreaterThan(1)
    return pending?.lastFailure?.message
  })
  expect(failure).toBe('the SMTP server is unavailable: connect ECONNREFUSED')
  expect((await campaigns.get(key)).counts.sent).toBe(0)
  away = false
  expect(await resultOf(workflowId)).toMatchObject({ counts: { sent: 5, unknown: 0, failed: 0 } })
  channel.answer = () => accepted
  expect((await campaigns.recipients(key)).map((row) => row.attempts)).toEqual([1, 1, 1, 1, 1])
})

test('a claim that fails in the middle leaves nobody unknown whose message was not handed over', async () => {
  const { addresses, definition } = await audienceOf(30)
  const { db } = installation
  let sent = 0
  channel.answer = async () => {
    sent += 1
    // Settling does not need this table, claiming does.
    if (sent === 5) await sql`alter table subscription rename to subscription_away`.execute(db)
    await new Promise((resolve) => setTimeout(resolve, 20))
    return accepted
  }
  const { key, workflowId } = await installation.addressee.campaigns.schedule({ ...definition, now: true })
  await eventually(async () => {
    const { raw } = await installation.temporal.workflow.getHandle(workflowId).describe()
    expect(raw.pendingActivities?.[0]?.attempt).toBeGreaterThan(1)
  })
  await sql`alter table subscription_away rename to subscription`.execute(db)
  expect(await resultOf(workflowId)).toMatchObject({ counts: { sent: 30, unknown: 0 } })
  channel.answer = () => accepted
  expect(channel.sent.filter((to) => addresses.includes(to)).toSorted()).toEqual(addresses.toSorted())
  expect((await installation.addressee.campaigns.recipients(key)).every((row) => row.attempts === 1)).toBe(true)
})

test('a message of unknown fate is held, and sent again only when the campaign says so', async () => {
  const { addresses, definition } = await audienceOf(2)
  const lost: typeof channel.answer = ({ to }) =>
    to === addresses[0] ? { kind: 'uncertain', response: 'no reply' } : accepted
  channel.answer = lost
  const held = await installation.addressee.campaigns.schedule({ ...definition, now: true })
  expect(await resultOf(held.workflowId)).toMatchObject({ counts: { sent: 1, unknown: 1 } })
  const { campaigns } = installation.addressee
  expect(await campaigns.settle(held.key, 'sent', { seqs: [2], by: 'ada' })).toEqual({ settled: 0 })
  channel.answer = () => accepted
  expect(await campaigns.settle(held.key, 'resend', { by: 'ada' })).toEqual({ settled: 1 })
  expect(await resultOf(held.workflowId)).toMatchObject({ state: 'finished', counts: { sent: 2, unknown: 0 } })
  expect(await campaigns.settle(held.key, 'failed')).toEqual({ settled: 0 })

  let once = false
  channel.answer = ({ to }) => {
    if (to !== addresses[0] || once) return accepted
    once = true
    return { kind: 'uncertain', response: 'no reply' }
  }
  const resent = await installation.addressee.campaigns.schedule({
    ...definition,
    key: `${definition.key}-2`,
    now: true,
    onUncertain: 'resend',
    retryDelaysSeconds: [1],
  })
  expect(await resultOf(resent.workflowId)).toMatchObject({ counts: { sent: 2, unknown: 0 } })
  channel.answer = () => accepted
})

test('the Temporal UI can say what a command lacks', async () => {
  const { definition } = await audienceOf(1)
  const { workflowId } = await installation.addressee.campaigns.schedule({
    ...definition,
    sendAt: new Date(Date.now() + 3_600_000),
  })
  const handle = installation.temporal.workflow.getHandle(workflowId)
  const causeOf = (update: Promise<unknown>) => update.catch((error: Error) => (error.cause as Error).message)
  expect(await causeOf(handle.executeUpdate('pause', { args: [{}] }))).toBe(
    'by: must name who gives the command. Send {"by": "your name"}.',
  )
  expect(await causeOf(handle.executeUpdate('reschedule', { args: [{ by: 'ada', sendAt: 'noon' }] }))).toMatch(
    /^sendAt: must be an ISO 8601/,
  )
  await handle.cancel()
  expect(await handle.result()).toMatchObject({ state: 'cancelled' })
})

test('a campaign whose workflow was terminated goes on when it is scheduled again, or told anything', async () => {
  const { campaigns } = installation.addressee
  const { definition } = await audienceOf(2)
  const far = new Date(Date.now() + 3_600_000)
  const first = await campaigns.schedule({ ...definition, sendAt: far })
  await installation.temporal.workflow.getHandle(first.workflowId).terminate()
  await campaigns.schedule({ ...definition, sendAt: far })
  await campaigns.sendNow(first.key)
  expect(await resultOf(first.workflowId)).toMatchObject({ state: 'finished', counts: { sent: 2 } })

  const second = await campaigns.schedule({ ...definition, key: `${definition.key}-2`, sendAt: far })
  await installation.temporal.workflow.getHandle(second.workflowId).terminate()
  await campaigns.sendNow(second.key)
  expect(await resultOf(second.workflowId)).toMatchObject({ state: 'finished', counts: { sent: 2 } })
})

test('a cancelled campaign gets its end, also when its workflow is gone', async () => {
  const { campaigns } = installation.addressee
  const { definition } = await audienceOf(3)
  channel.answer = () => ({ kind: 'misconfigured', code: 535, response: '535 authentication failed' })
  const { key, workflowId } = await campaigns.schedule({ ...definition, now: true })
  await eventually(async () => expect((await campaigns.get(key)).state).toBe('paused'))
  channel.answer = () => accepted
  await installation.temporal.workflow.getHandle(workflowId).terminate()
  await campaigns.cancel(key, { by: 'ada', reason: 'enough' })
  expect(await resultOf(workflowId)).toMatchObject({ state: 'cancelled', counts: { queued: 0, skipped: 3, sent: 0 } })
  expect((await campaigns.get(key)).finishedAt).not.toBeNull()
})

test('a campaign whose row was deleted ends with a sentence, and disturbs no other', async () => {
  const { campaigns } = installation.addressee
  const [doomed, other] = [await audienceOf(20), await audienceOf(3)]
  channel.answer = async () => {
    await new Promise((resolve) => setTimeout(resolve, 50))
    return accepted
  }
  const { id, key, workflowId } = await campaigns.schedule({ ...doomed.definition, now: true })
  await eventually(async () => expect((await campaigns.get(key)).counts.sent).toBeGreaterThan(2))
  await installation.db.deleteFrom('campaign').where('id', '=', id).execute()
  const failure: unknown = await resultOf(workflowId).catch((error: unknown) => rootOf(error))
  expect(failure).toMatchObject({
    message: expect.stringMatching(`^campaign: campaign ${id} does not exist \\(any more\\)`),
  })
  channel.answer = () => accepted
  const { workflowId: next } = await campaigns.schedule({ ...other.definition, now: true })
  expect(await resultOf(next)).toMatchObject({ counts: { sent: 3 } })
})

const rootOf = (error: unknown): unknown => (error instanceof Error && error.cause ? rootOf(error.cause) : error)
