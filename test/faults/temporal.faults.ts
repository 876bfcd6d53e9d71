import { setTimeout as sleep } from 'node:timers/promises'
import { expect, inject, test } from 'vitest'
import { createFaultSite } from '../setup/fault-site.ts'
import { flawless } from '../setup/ledger-and-sink.ts'
import { startOwnTemporal } from '../setup/own-temporal.ts'

const size = inject('faultSize')

test.each([
  ['kill -9 and restart at once', 0],
  ['kill -9, away for longer than a heartbeat may be late, and back', 45_000],
])('temporal: %s', async (_, awayMs) => {
  const temporal = await startOwnTemporal()
  const site = await createFaultSite(temporal)
  await site.sink.behave({ delayMs: 5 })
  const workers = [await site.startWorker(), await site.startWorker()]
  const campaign = await site.schedule('hurt', size)
  await campaign.sends(size / 5)
  temporal.kill()
  await sleep(awayMs)
  await temporal.restart()
  const { counts } = await campaign.reaches('finished')
  expect(counts).toMatchObject({ failed: 0, skipped: 0, sent: size - counts.unknown })
  expect(await campaign.verdict()).toEqual(flawless)
  // They lived through it.
  expect(workers.map(({ process }) => process.exitCode)).toEqual([null, null])
  expect(await campaign.settleUnknown()).toBe(counts.unknown)
  expect((await campaign.now()).counts).toMatchObject({ sent: size })
  expect(await campaign.verdict()).toEqual(flawless)
})
