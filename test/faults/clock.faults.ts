import { sql } from 'kysely'
import { expect, inject, test } from 'vitest'
import { createFaultSite, type FaultSite } from '../setup/fault-site.ts'
import { flawless } from '../setup/ledger-and-sink.ts'

const size = inject('faultSize')

const hour = 3600
const preload = new URL('../setup/preload-clock.ts', import.meta.url)

const startWorkerWrongBy = (site: FaultSite, seconds: number) =>
  site.startWorker({ env: { NODE_OPTIONS: `--import ${preload.href}`, CLOCK_WRONG_BY_SECONDS: `${seconds}` } })

/** Instants in the ledger, and in the campaign's row, that lie before the campaign was made or in the future. */
async function wrongInstants({ installation }: FaultSite, key: string): Promise<Record<string, number>> {
  const isWrong = (column: string) =>
    sql.raw(`count(*) filter (where ${column} not between c.created_at and now())::int`)
  const { rows } = await sql<Record<string, number>>`
    select ${isWrong('r.claimed_at')} as claimed_at, ${isWrong('r.settled_at')} as settled_at,
      ${isWrong('r.not_before')} as not_before, ${isWrong('c.finished_at')} as finished_at, ${isWrong('c.frozen_at')} as frozen_at
    from recipient r join campaign c on c.id = r.campaign_id where c.key = ${key}`.execute(installation.db)
  return rows[0] ?? {}
}

const none = { claimed_at: 0, settled_at: 0, not_before: 0, finished_at: 0, frozen_at: 0 }

test('clock: workers that are hours late and hours early send to all, with second tries', async () => {
  const site = await createFaultSite()
  await site.sink.behave({ refusals: [{ at: 'RCPT', digit: 1, reply: '450 4.2.1 try later', times: 'first' }] })
  await Promise.all([startWorkerWrongBy(site, -2 * hour), startWorkerWrongBy(site, 2 * hour)])
  const campaign = await site.schedule('wrong-clocks', size, { retryDelaysSeconds: [2, 2] })
  expect((await campaign.reaches('finished')).counts).toMatchObject({ sent: size })
  expect(await campaign.verdict()).toEqual(flawless)
  expect(await wrongInstants(site, 'wrong-clocks')).toEqual(none)
})

// Expected: every instant is the database's. The `settled_at` of those that a cancel skips is still the worker's.
test.each([-2 * hour, 2 * hour])(
  'clock: a campaign is cancelled, and the only worker is wrong by %i s',
  async (seconds) => {
    const site = await createFaultSite()
    await startWorkerWrongBy(site, seconds)
    const campaign = await site.schedule('cancelled', size)
    await campaign.sends(size / 10)
    await site.installation.addressee.campaigns.cancel('cancelled')
    await campaign.reaches('cancelled')
    expect((await campaign.now()).counts).toMatchObject({ queued: 0, claimed: 0, unknown: 0 })
    expect(await campaign.verdict()).toEqual(flawless)
    expect(await wrongInstants(site, 'cancelled')).toEqual(none)
  },
)
