import { setTimeout as sleep } from 'node:timers/promises'
import { expect, inject, test } from 'vitest'
import { createFaultSite, stopWorker } from '../setup/fault-site.ts'
import { killWorker } from '../setup/killed-worker.ts'
import { flawless } from '../setup/ledger-and-sink.ts'

const size = inject('faultSize')

test('workers: SIGTERM in the middle, then kill -9 in the middle', { timeout: 180_000 }, async () => {
  const site = await createFaultSite()
  await site.sink.behave({ delayMs: 5 })
  const campaign = await site.schedule('stopped-and-killed', size)
  const stopped = await site.startWorker()
  await campaign.sends(size / 10)
  await stopWorker(stopped)
  const { counts: atStop } = await campaign.now()
  expect(atStop).toMatchObject({ claimed: 0, unknown: 0, failed: 0 })
  expect(atStop.queued).toBeGreaterThan(0)

  const doomed = await site.startWorker()
  await campaign.sends(size / 4)
  const mostUnknown = await killWorker(doomed, site.sink)
  // Postgres may be carrying out the dead one's last statements still.
  await sleep(1000)
  const { claimed } = (await campaign.now()).counts
  expect(claimed).toBeGreaterThan(0)
  // Soft: what becomes of them is worth knowing when there are too many, too.
  expect.soft(claimed).toBeLessThanOrEqual(mostUnknown)

  await site.startWorker()
  const { counts } = await campaign.reaches('finished')
  expect(counts).toMatchObject({ unknown: claimed, sent: size - claimed })
  expect(await campaign.verdict()).toEqual(flawless)
  expect(await campaign.settleUnknown()).toBe(claimed)
  expect((await campaign.now()).counts).toMatchObject({ sent: size })
  expect(await campaign.verdict()).toEqual(flawless)
})
