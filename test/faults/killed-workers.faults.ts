import { setTimeout as sleep } from 'node:timers/promises'
import { expect, inject, test } from 'vitest'
import { isAccountedFor } from '../../domain/fate.ts'
import type { FaultCampaign } from '../setup/fault-campaign.ts'
import { createFaultSite, type FaultSite, type FaultWorker, stopWorker } from '../setup/fault-site.ts'
import { killWorker } from '../setup/killed-worker.ts'
import { flawless } from '../setup/ledger-and-sink.ts'

const size = 2 * inject('faultSize')

const between = (least: number, most: number): number => Math.round(least + Math.random() * (most - least))

const startWorkers = (site: FaultSite, count: number): Promise<FaultWorker[]> =>
  Promise.all(Array.from({ length: count }, () => site.startWorker()))

/**
 * Kills all the workers that there are, again and again, each time after they have sent something, and holds what
 * each time leaves without a fate against what it may leave.
 */
async function killAgainAndAgain(site: FaultSite, campaign: FaultCampaign, times: number, atOnce: number) {
  let before = 0
  for (let kill = 1; kill <= times; kill += 1) {
    const workers = await startWorkers(site, atOnce)
    await campaign.sends(between(1, 1500))
    const allowed = await Promise.all(workers.map((worker) => killWorker(worker, site.sink)))
    // Postgres may be carrying out the dead ones' last statements still.
    await sleep(1000)
    const { claimed, unknown } = (await campaign.now()).counts
    const left = claimed + unknown - before
    const most = allowed.reduce((sum, each) => sum + each, 0)
    process.stdout.write(`kill ${kill}: ${left} without a fate, at most ${most}\n`)
    // Soft: the whole series is worth knowing.
    expect.soft(left, `kill ${kill}`).toBeLessThanOrEqual(most)
    before = claimed + unknown
  }
}

async function endsWell(site: FaultSite, campaign: FaultCampaign): Promise<void> {
  await startWorkers(site, 2)
  const { counts } = await campaign.reaches('finished')
  expect(counts).toMatchObject({ failed: 0, skipped: 0, sent: size - counts.unknown })
  expect(await campaign.verdict()).toEqual(flawless)
  expect(await campaign.settleUnknown()).toBe(counts.unknown)
  expect((await campaign.now()).counts).toMatchObject({ sent: size })
  expect(await campaign.verdict()).toEqual(flawless)
}

test('workers: 20 times kill -9 at random moments', async () => {
  const site = await createFaultSite()
  const campaign = await site.schedule('killed-often', size)
  await killAgainAndAgain(site, campaign, 20, 1)
  await endsWell(site, campaign)
})

test('workers: kill -9 of all three at once, four times', async () => {
  const site = await createFaultSite()
  const campaign = await site.schedule('all-killed', size)
  await killAgainAndAgain(site, campaign, 4, 3)
  await endsWell(site, campaign)
})

test('workers: SIGTERM ten times', async () => {
  const site = await createFaultSite()
  const campaign = await site.schedule('stopped-often', size)
  for (let stop = 1; stop <= 10; stop += 1) {
    const worker = await site.startWorker()
    await campaign.sends(between(1, 1500))
    await stopWorker(worker)
    expect((await campaign.now()).counts).toMatchObject({ claimed: 0, unknown: 0, failed: 0 })
  }
  await startWorkers(site, 2)
  expect((await campaign.reaches('finished')).counts).toMatchObject({ sent: size })
  expect(await campaign.verdict()).toEqual(flawless)
})

test('workers: kill -9 of one of two, six times, with onUncertain resend', async () => {
  const site = await createFaultSite()
  await site.sink.behave({ delayMs: 5 })
  let workers = await startWorkers(site, 2)
  const campaign = await site.schedule('resent', size, { onUncertain: 'resend' })
  for (let kill = 1; kill <= 6; kill += 1) {
    await campaign.sends(between(1, 1500))
    const [victim, survivor] = Math.random() < 0.5 ? workers : workers.toReversed()
    if (victim === undefined || survivor === undefined) throw new Error('there are two')
    await killWorker(victim, site.sink)
    workers = [survivor, await site.startWorker()]
  }
  const { counts } = await campaign.reaches('finished')
  expect(isAccountedFor(counts)).toBe(true)
  expect(counts).toMatchObject({ sent: size })
  const { repeated, ...others } = await campaign.verdict()
  expect({ ...others, repeated: 0 }).toEqual(flawless)
  // Some were accepted by the mail server and killed before they were recorded: else this shows nothing.
  expect(repeated).toBeGreaterThan(0)
})
