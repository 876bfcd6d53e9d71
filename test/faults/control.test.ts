import { setTimeout as sleep } from 'node:timers/promises'
import { expect, inject, test } from 'vitest'
import { createFaultSite, type FaultSite } from '../setup/fault-site.ts'
import { flawless } from '../setup/ledger-and-sink.ts'

const size = inject('faultSize')

/** Does what it does, and waits long enough to know which message was the last. @returns whose DATA began a second later. */
async function lateAfter(site: FaultSite, command: () => Promise<unknown>): Promise<string[]> {
  await command()
  const returnedAt = Date.now()
  await sleep(2000)
  return site.sink
    .accepted()
    .filter(({ begunAt }) => begunAt > returnedAt + 1000)
    .map(({ to }) => to)
}

test('control: pause, resume, reschedule and cancel in the middle', async () => {
  const site = await createFaultSite()
  const { campaigns } = site.installation.addressee
  await site.startWorker()
  const campaign = await site.schedule('steered', size)
  await campaign.sends(size / 10)

  expect(await lateAfter(site, () => campaigns.pause('steered'))).toEqual([])
  const { counts: paused } = await campaign.now()
  expect(paused).toMatchObject({ claimed: 0, unknown: 0 })
  expect(paused.queued).toBeGreaterThan(0)

  await campaigns.resume('steered')
  await campaign.sends(size / 10)
  await expect(campaigns.reschedule('steered', new Date(Date.now() + 60_000))).rejects.toThrow(/is sending/)

  expect(await lateAfter(site, () => campaigns.cancel('steered', { reason: 'wrong subject' }))).toEqual([])
  const { counts } = await campaign.reaches('cancelled')
  expect(counts).toMatchObject({ queued: 0, claimed: 0, unknown: 0, failed: 0, skipped: size - counts.sent })
  expect(counts.skipped).toBeGreaterThan(0)
  const fates = new Set((await campaign.ledger()).map(({ state, reason }) => `${state} ${reason ?? ''}`))
  expect(fates).toEqual(new Set(['sent ', 'skipped cancelled']))
  expect(await campaign.verdict()).toEqual(flawless)
})
