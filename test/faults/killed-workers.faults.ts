import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { totalOf } from '../../domain/fate.ts'
import { compareWithSink, scheduleTo } from '../setup/bulk-campaign.ts'
import { eventually } from '../setup/eventually.ts'
import { createInstallation } from '../setup/installation.ts'
import { startMailSink } from '../setup/mail-sink.ts'
import { seedResource } from '../setup/seed.ts'
import { commandFor, startWorker } from '../setup/spawned-worker.ts'

const size = 40_000
const kills = 20
const minute = 60_000

const installation = await createInstallation()
const sink = await startMailSink()
const command = commandFor(installation, sink.url)
await seedResource(installation.db, 'acme')
const { campaigns } = installation.addressee

test(`${kills} times kill -9 at random moments, two workers: nobody lost, nobody sent to twice`, {
  timeout: 15 * minute,
}, async () => {
  let workers = [await startWorker(command), await startWorker(command)]
  await scheduleTo(installation, 'hurt', size)
  for (let kill = 1; kill <= kills; kill += 1) {
    await sleep(500 + Math.random() * 2500)
    const [victim, ...others] = Math.random() < 0.5 ? workers : workers.toReversed()
    victim?.process.kill('SIGKILL')
    const { counts, audience } = await campaigns.get('hurt')
    // The sum holds at whatever moment one looks.
    expect(totalOf(counts)).toBe(audience ?? 0)
    process.stdout.write(`kill ${kill}: ${counts.sent} sent, ${counts.unknown} unknown, ${counts.claimed} claimed\n`)
    workers = [...others, await startWorker(command)]
  }
  const { counts } = await eventually(async () => {
    const campaign = await campaigns.get('hurt')
    expect(campaign.state).toBe('finished')
    return campaign
  }, 10 * minute)
  process.stdout.write(`end: ${JSON.stringify(counts)}\n`)
  expect(await compareWithSink(installation, sink, 'hurt', size)).toEqual({
    rows: size,
    repeated: 0,
    lost: 0,
    unrecorded: 0,
  })
  expect(counts).toMatchObject({ queued: 0, claimed: 0, failed: 0, skipped: 0, sent: size - counts.unknown })
})
