import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import type { CampaignReport, Progress } from '../../workflows/contract.ts'
import { eventually } from '../setup/eventually.ts'
import { createInstallation, type Installation } from '../setup/installation.ts'
import { scriptedChannel } from '../setup/scripted-channel.ts'
import { seedCategory, seedContact, seedResource } from '../setup/seed.ts'

const channel = scriptedChannel(5)
let installation: Installation
let resourceId: string

beforeAll(async () => {
  installation = await createInstallation()
  resourceId = await seedResource(installation.db, 'acme')
  await installation.startWorkers(channel)
})

/** A definition of a campaign to so many new subscribers in each of these domains. */
async function campaignTo(domains: Record<string, number>) {
  const { db } = installation
  const { id, key } = await seedCategory(db, resourceId)
  for (const [domain, subscribers] of Object.entries(domains))
    for (let index = 0; index < subscribers; index += 1)
      await seedContact(db, { address: `${key}-${index}@${domain}`, subscriptions: { [id]: 'subscribed' } })
  const content = { en: { subject: 'Hello', text: 'Hello {{ unsubscribe_url }}' } }
  return { key, resource: 'acme', categories: [key], content, now: true }
}

const resultOf = (workflowId: string) =>
  installation.temporal.workflow.getHandle(workflowId).result() as Promise<CampaignReport>
const progressOf = (workflowId: string) =>
  installation.temporal.workflow.getHandle(workflowId).query<Progress>('progress')

/** Of the recipients of a campaign in a domain: seconds from the first claim to the last, by the database's clock. */
async function secondsOfClaims(campaignId: string, domain: string): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    select extract(epoch from max(claimed_at) - min(claimed_at))::float8 as seconds from recipient
    where campaign_id = ${campaignId} and split_part(address, '@', 2) = ${domain}`.execute(installation.db)
  return rows[0]?.seconds ?? Number.NaN
}

test("a campaign's own rate holds it back from the first message on", async () => {
  const { campaigns, limits } = installation.addressee
  const definition = await campaignTo({ 'example.com': 21 })
  await limits.set({ scope: 'campaign', key: definition.key, perSecond: 20 })
  const { id, workflowId } = await campaigns.schedule(definition)
  expect(await resultOf(workflowId)).toMatchObject({ counts: { sent: 21 } })
  // 21 messages are 20 steps of 50 ms; what a late worker may catch up is a quarter of a second.
  expect(await secondsOfClaims(id, 'example.com')).toBeGreaterThan(0.74)
})

test('a limited domain holds up nobody else', async () => {
  const { campaigns, limits } = installation.addressee
  const definition = await campaignTo({ 'slow.example': 4, 'example.com': 30 })
  await limits.set({ scope: 'domain', key: 'slow.example', perSecond: 1 })
  const { id, workflowId } = await campaigns.schedule(definition)
  expect(await resultOf(workflowId)).toMatchObject({ counts: { sent: 34 } })
  await limits.remove('domain', 'slow.example')
  expect(await secondsOfClaims(id, 'slow.example')).toBeGreaterThan(2.7)
  expect(await secondsOfClaims(id, 'example.com')).toBeLessThan(await secondsOfClaims(id, 'slow.example'))
})

test('a daily cap that is spent holds the campaign, says so, and obeys when it is raised', async () => {
  const { campaigns, limits } = installation.addressee
  const definition = await campaignTo({ 'example.com': 5 })
  await limits.set({ scope: 'resource', key: 'acme', perDay: [2, 4] })
  const { key, workflowId } = await campaigns.schedule(definition)
  await eventually(async () =>
    expect((await campaigns.get(key)).counts).toMatchObject({ sent: 2, queued: 3, claimed: 0 }),
  )
  const hold = await eventually(async () => {
    const held = (await progressOf(workflowId)).hold
    expect(held).not.toBeNull()
    return held
  })
  expect(hold).toMatchObject({ by: 'resource acme', everybody: true })
  const midnight = new Date()
  midnight.setUTCHours(24, 0, 0, 0)
  expect(Math.abs(Date.parse(hold?.until ?? '') - midnight.getTime())).toBeLessThan(60_000)

  await limits.set({ scope: 'resource', key: 'acme', perDay: [100] })
  await campaigns.resume(key)
  expect(await resultOf(workflowId)).toMatchObject({ counts: { sent: 5 } })
  await limits.remove('resource', 'acme')
})

test('a limit that is set while a campaign runs holds from then on, and no more when it is removed', async () => {
  const { campaigns, limits } = installation.addressee
  const definition = await campaignTo({ 'example.com': 60 })
  await limits.set({ scope: 'campaign', key: definition.key, perSecond: 20 })
  const { key, workflowId } = await campaigns.schedule(definition)
  await eventually(async () => expect((await campaigns.get(key)).counts.sent).toBeGreaterThan(3))
  await limits.set({ scope: 'provider', key: 'Mail.Test', perSecond: 0.01 })
  const held = await eventually(async () => {
    const { counts } = await campaigns.get(key)
    expect((await progressOf(workflowId)).hold?.by).toBe('provider mail.test')
    return counts
  })
  expect(held.queued).toBeGreaterThan(0)
  await limits.remove('provider', 'mail.test')
  await campaigns.resume(key)
  expect(await resultOf(workflowId)).toMatchObject({ counts: { sent: 60 } })
})

test('under one limit a small campaign is not stuck behind a large one', async () => {
  const { campaigns, limits } = installation.addressee
  await limits.set({ scope: 'resource', key: 'acme', perSecond: 40 })
  const [large, small] = [await campaignTo({ 'example.com': 400 }), await campaignTo({ 'example.com': 10 })]
  const { key } = await campaigns.schedule(large)
  await eventually(async () => expect((await campaigns.get(key)).counts.sent).toBeGreaterThan(3))
  await resultOf((await campaigns.schedule(small)).workflowId)
  expect((await campaigns.get(key)).counts.queued).toBeGreaterThan(200)
  await limits.remove('resource', 'acme')
  await campaigns.cancel(key)
})
