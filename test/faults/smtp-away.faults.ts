import { setTimeout as sleep } from 'node:timers/promises'
import { expect, inject, test } from 'vitest'
import { watchConnects } from '../setup/connects.ts'
import { createFaultSite } from '../setup/fault-site.ts'
import { flawless } from '../setup/ledger-and-sink.ts'

const size = inject('faultSize')

test('smtp: 552 at MAIL for every tenth message', async () => {
  const site = await createFaultSite()
  await site.sink.behave({ refusals: [{ at: 'MAIL', digit: 0, reply: '552 5.3.4 too big', times: 'always' }] })
  await site.startWorker()
  const campaign = await site.schedule('too-big', size)
  const { counts } = await campaign.reaches('finished')
  expect(await campaign.verdict()).toEqual(flawless)
  expect(counts).toMatchObject({ failed: size / 10, sent: size - size / 10 })
})

test('smtp: kill -9 of the server and restart, three times', async () => {
  const site = await createFaultSite()
  await site.startWorker()
  const campaign = await site.schedule('killed-smtp', size)
  for (let kill = 1; kill <= 3; kill += 1) {
    await campaign.sends(size / 10)
    await site.sink.kill()
    await sleep(2000)
    await site.sink.restart()
  }
  const { counts } = await campaign.reaches('finished')
  expect(counts).toMatchObject({ failed: 0, sent: size - counts.unknown })
  expect(await campaign.verdict()).toEqual(flawless)
  expect(await campaign.settleUnknown()).toBe(counts.unknown)
  expect((await campaign.now()).counts).toMatchObject({ sent: size })
  expect(await campaign.verdict()).toEqual(flawless)
})

test('smtp: connections refused for 30 s, and not asked for in a busy loop', async () => {
  const site = await createFaultSite()
  const connects = await watchConnects(Number(site.sink.address.split(':')[1]))
  await site.startWorker({ env: connects.env })
  const campaign = await site.schedule('refused', size)
  await campaign.sends(size / 10)
  await site.sink.goAway()
  const before = await connects.count()
  await sleep(30_000)
  const attempts = (await connects.count()) - before
  process.stdout.write(`${attempts} attempts to connect in 30 s\n`)
  await site.sink.comeBack()
  const { counts } = await campaign.reaches('finished')
  expect(attempts).toBeGreaterThan(0)
  // A busy loop makes tens of thousands.
  expect(attempts).toBeLessThan(3000)
  expect(counts).toMatchObject({ failed: 0, sent: size - counts.unknown })
  expect(await campaign.verdict()).toEqual(flawless)
  expect(await campaign.settleUnknown()).toBe(counts.unknown)
  expect((await campaign.now()).counts).toMatchObject({ sent: size })
})

test('smtp: 421 at every connection for 20 s', async () => {
  const site = await createFaultSite()
  await site.startWorker()
  await site.sink.behave({ greeting: '421 4.3.2 too busy' })
  const campaign = await site.schedule('busy', size)
  await sleep(20_000)
  process.stdout.write(`${await site.sink.connections()} connections were answered with 421 in 20 s\n`)
  expect((await campaign.now()).counts).toMatchObject({ sent: 0, failed: 0, skipped: 0, unknown: 0 })
  await site.sink.behave()
  expect((await campaign.reaches('finished')).counts).toMatchObject({ sent: size })
  expect(await campaign.verdict()).toEqual(flawless)
})

test('smtp: the login is refused, mended, and the campaign resumed', async () => {
  const site = await createFaultSite()
  await site.startWorker({ login: 'user:password@' })
  const campaign = await site.schedule('no-login', size)
  await campaign.sends(size / 10)
  await site.sink.behave({ login: '535 5.7.8 authentication failed' })
  const paused = await campaign.reaches('paused')
  expect(paused.pausedBy).toBe('addressee')
  expect(paused.pauseReason).toContain('535 5.7.8 authentication failed')
  expect(paused.counts).toMatchObject({ failed: 0, skipped: 0 })
  expect(paused.counts.queued).toBeGreaterThan(0)
  await site.sink.behave()
  expect((await site.command.addressee(['campaigns', 'resume', 'no-login'])).code).toBe(0)
  expect((await campaign.reaches('finished')).counts).toMatchObject({ sent: size })
  expect(await campaign.verdict()).toEqual(flawless)
})
