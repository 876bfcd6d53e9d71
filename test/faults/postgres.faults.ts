import { setTimeout as sleep } from 'node:timers/promises'
import { expect, inject, test } from 'vitest'
import { type Connection, connect } from '../../db/connect.ts'
import { eventually } from '../setup/eventually.ts'
import type { FaultCampaign } from '../setup/fault-campaign.ts'
import { createFaultSite, type FaultSite, type FaultWorker } from '../setup/fault-site.ts'
import { flawless } from '../setup/ledger-and-sink.ts'
import { startHttp } from '../setup/one-clicks.ts'
import { startOwnPostgres } from '../setup/own-postgres.ts'
import { startTcpProxy, type TcpProxy } from '../setup/tcp-proxy.ts'

const size = inject('faultSize')

async function endsWell(campaign: FaultCampaign, worker: FaultWorker): Promise<void> {
  const { counts } = await campaign.reaches('finished')
  // It lived through it.
  expect(worker.process.exitCode).toBe(null)
  expect(counts).toMatchObject({ failed: 0, skipped: 0, sent: size - counts.unknown })
  expect(await campaign.verdict()).toEqual(flawless)
  expect(await campaign.settleUnknown()).toBe(counts.unknown)
  expect((await campaign.now()).counts).toMatchObject({ sent: size })
  expect(await campaign.verdict()).toEqual(flawless)
}

/** A worker that reaches its database through a piece of network of ours; the test looks past it. */
async function behindProxy(): Promise<{ site: FaultSite; worker: FaultWorker; proxy: TcpProxy }> {
  const postgres = await startOwnPostgres()
  const proxy = await startTcpProxy(postgres.port)
  const site = await createFaultSite(postgres)
  const url = new URL(site.installation.databaseUrl)
  url.port = `${proxy.port}`
  const worker = await site.startWorker({ env: { DATABASE_URL: url.href } })
  return { site, worker, proxy }
}

test('postgres: kill -9 of the server and restart, three times', async () => {
  const postgres = await startOwnPostgres()
  const site = await createFaultSite(postgres)
  const [worker, httpUrl] = await Promise.all([site.startWorker(), startHttp(site.command)])
  const campaign = await site.schedule('killed-postgres', size)
  for (let kill = 1; kill <= 3; kill += 1) {
    await campaign.sends(size / 10)
    postgres.kill()
    await postgres.restart()
    await eventually(async () => expect((await fetch(`${httpUrl}/readyz`)).status).toBe(200))
  }
  await endsWell(campaign, worker)
})

test('postgres: connections are ended and refused for 30 s', async () => {
  const { site, worker, proxy } = await behindProxy()
  const campaign = await site.schedule('refused', size)
  await campaign.sends(size / 10)
  await proxy.refuse()
  await sleep(30_000)
  await proxy.mend()
  await endsWell(campaign, worker)
})

test('postgres: the network falls silent for 20 s', async () => {
  const { site, worker, proxy } = await behindProxy()
  const campaign = await site.schedule('silent', size)
  await campaign.sends(size / 10)
  proxy.fallSilent()
  await sleep(20_000)
  await proxy.mend()
  await endsWell(campaign, worker)
})

/** Takes every connection that the server has to give. @returns what gives them back. */
async function takeAllSlots(url: string): Promise<() => Promise<void>> {
  const taken: Connection[] = []
  for (let slot = 0; slot < 200; slot += 1) {
    const connection = connect(url, { connections: 1, name: 'somebody else' })
    taken.push(connection)
    const isFull = await connection.execute('select 1').then(
      () => false,
      () => true,
    )
    if (isFull) break
  }
  return async () => void (await Promise.all(taken.map((connection) => connection.close())))
}

test('postgres: others hold every connection for 20 s', async () => {
  const postgres = await startOwnPostgres(['max_connections=50'])
  const site = await createFaultSite(postgres)
  const worker = await site.startWorker()
  const campaign = await site.schedule('exhausted', size)
  await campaign.sends(size / 10)
  const admin = connect(postgres.postgresUrl, { connections: 1 })
  await admin.execute('select 1')
  const giveBack = await takeAllSlots(postgres.postgresUrl)
  await admin.execute(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'addressee worker'`,
  )
  const giveMoreBack = await takeAllSlots(postgres.postgresUrl)
  await sleep(20_000)
  await Promise.all([giveBack(), giveMoreBack(), admin.close()])
  await endsWell(campaign, worker)
})
