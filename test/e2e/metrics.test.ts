import { expect, test } from 'vitest'
import { freePort } from '../../dev/free-port.ts'
import { scheduleTo } from '../setup/bulk-campaign.ts'
import { eventually } from '../setup/eventually.ts'
import { createInstallation } from '../setup/installation.ts'
import { startMailSink } from '../setup/mail-sink.ts'
import { seedResource } from '../setup/seed.ts'
import { commandFor } from '../setup/spawned-worker.ts'

const installation = await createInstallation()
const sink = await startMailSink()
const command = commandFor(installation, sink.url)
await seedResource(installation.db, 'acme')

test("a worker's page for Prometheus has our counts and Temporal's, under the names that dashboards expect", async () => {
  const address = `127.0.0.1:${await freePort()}`
  const worker = command.start(['worker'], { env: { ADDRESSEE_METRICS_ADDRESS: address } })
  await scheduleTo(installation, 'counted', 7)
  await eventually(async () => expect((await installation.addressee.campaigns.get('counted')).state).toBe('finished'))

  const page = await eventually(async () => {
    const text = await (await fetch(`http://${address}/metrics`)).text()
    expect(/^addressee_messages_total\{.*fate="sent".*\} 7$/m.test(text)).toBe(true)
    return text
  })
  for (const stage of ['claim', 'settle', 'settle_delay'])
    expect(page).toMatch(new RegExp(`^addressee_stage_seconds_bucket\\{.*stage="${stage}",.*le="0.005"\\} \\d`, 'm'))
  expect(page.includes('\ntemporal_activity_schedule_to_start_latency_seconds_count{')).toBe(true)

  const second = await command.addressee(['worker'], { env: { ADDRESSEE_METRICS_ADDRESS: address } })
  expect(second.code).toBe(1)
  expect(second.stderr).toMatch(
    /^error: ADDRESSEE_METRICS_ADDRESS: the metrics page cannot be served at 127\.0\.0\.1:\d+: /,
  )
  worker.process.kill('SIGTERM')
  expect((await worker.ended).code).toBe(0)
})
