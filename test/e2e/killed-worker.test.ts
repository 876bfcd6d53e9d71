import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { totalOf } from '../../domain/fate.ts'
import { compareWithSink, scheduleTo } from '../setup/bulk-campaign.ts'
import { eventually } from '../setup/eventually.ts'
import { createInstallation, type Installation } from '../setup/installation.ts'
import { type MailSink, startMailSink } from '../setup/mail-sink.ts'
import { seedResource } from '../setup/seed.ts'
import { commandFor, startWorker } from '../setup/spawned-worker.ts'

const size = 3000
/**
 * Three ranges, each with two claims of at most 40 recipients at the 2,000 a second that this sink takes
 * (activities/claims.ts: 20 ms, at least one for each place of the transport).
 */
const mostInFlight = 3 * 2 * 40

let installation: Installation
let sink: MailSink
let command: ReturnType<typeof commandFor>
beforeAll(async () => {
  installation = await createInstallation()
  sink = await startMailSink()
  command = commandFor(installation, sink.url)
  await seedResource(installation.db, 'acme')
})

test('a worker killed in the middle: nobody lost, nobody sent to twice, the sum holds', {
  timeout: 150_000,
}, async () => {
  sink.delayMs = 5
  const doomed = await startWorker(command)
  await scheduleTo(installation, 'killed', size)
  await eventually(() => expect(sink.mails.length).toBeGreaterThan(300))
  doomed.process.kill('SIGKILL')
  await doomed.ended
  // Postgres may be carrying out the dead one's last statements still.
  await sleep(1000)
  const { counts: atDeath } = await installation.addressee.campaigns.get('killed')
  expect(atDeath.claimed).toBeGreaterThan(0)
  expect(totalOf(atDeath)).toBe(size)

  const successor = await startWorker(command)
  const done = await eventually(async () => {
    const campaign = await installation.addressee.campaigns.get('killed')
    expect(campaign.state).toBe('finished')
    return campaign
  }, 120_000)
  successor.process.kill('SIGTERM')
  expect((await successor.ended).code).toBe(0)

  expect(totalOf(done.counts)).toBe(size)
  expect(done.counts).toMatchObject({ queued: 0, claimed: 0, failed: 0, skipped: 0, unknown: atDeath.claimed })
  expect(done.counts.unknown).toBeLessThanOrEqual(mostInFlight)
  expect(await compareWithSink(installation, sink, 'killed', size)).toEqual({
    rows: size,
    repeated: 0,
    lost: 0,
    unrecorded: 0,
  })
})

test('a worker told to stop leaves nothing unknown', { timeout: 120_000 }, async () => {
  const before = sink.mails.length
  const first = await startWorker(command)
  await scheduleTo(installation, 'stopped', size)
  await eventually(() => expect(sink.mails.length).toBeGreaterThan(before + 300))
  first.process.kill('SIGTERM')
  expect((await first.ended).code).toBe(0)
  const { counts } = await installation.addressee.campaigns.get('stopped')
  expect(counts).toMatchObject({ claimed: 0, unknown: 0, failed: 0 })
  expect(counts.queued).toBeGreaterThan(0)

  const second = await startWorker(command)
  await eventually(
    async () =>
      expect(await installation.addressee.campaigns.get('stopped')).toMatchObject({
        state: 'finished',
        counts: { sent: size },
      }),
    60_000,
  )
  second.process.kill('SIGTERM')
  expect((await second.ended).code).toBe(0)
  expect(await compareWithSink(installation, sink, 'stopped', size)).toEqual({
    rows: size,
    repeated: 0,
    lost: 0,
    unrecorded: 0,
  })
})
