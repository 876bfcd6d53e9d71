import { sql } from 'kysely'
import { expect, inject, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import type { Fate } from '../../domain/fate.ts'
import { eventually } from '../setup/eventually.ts'
import { createFaultSite } from '../setup/fault-site.ts'
import { flawless } from '../setup/ledger-and-sink.ts'
import { pressOneClick, startHttp } from '../setup/one-clicks.ts'

const size = inject('faultSize')

interface Unsubscribed {
  contactId: string
  address: string
  state: Fate
  reason: string | null
  /** Both in milliseconds since 1970, by the database's clock. The event is written before the commit. */
  claimedAt: number
  eventAt: number
}

async function unsubscribedOf(db: Db, campaignId: string): Promise<Unsubscribed[]> {
  const { rows } = await sql<Unsubscribed>`
    select r.contact_id as "contactId", r.address, r.state, r.reason,
      (extract(epoch from r.claimed_at) * 1000)::float8 as "claimedAt",
      (extract(epoch from e.at) * 1000)::float8 as "eventAt"
    from recipient r join consent_event e on e.contact_id = r.contact_id and e.campaign_id = r.campaign_id
    where r.campaign_id = ${campaignId}`.execute(db)
  return rows
}

test('unsubscribes: a quarter of the audience presses the button while the campaign runs', async () => {
  const site = await createFaultSite()
  await site.sink.behave({ delayMs: 8 })
  const [httpUrl] = await Promise.all([startHttp(site.command), site.startWorker()])
  const campaign = await site.schedule('left', size)
  const ledger = await eventually(async () => {
    const rows = await campaign.ledger()
    expect(rows).toHaveLength(size)
    return rows
  })
  const { id } = await campaign.now()
  // From the end: most of them before their claim, some in the moment of it, the last ones after it.
  const leavers = ledger.filter(({ seq }) => seq % 4 === 0).toReversed()
  const answers = await pressOneClick(
    httpUrl,
    id,
    leavers.map(({ contactId }) => contactId),
  )
  const { counts } = await campaign.reaches('finished')
  expect(await campaign.verdict()).toEqual(flawless)

  const unsubscribed = await unsubscribedOf(site.installation.db, id)
  expect(unsubscribed).toHaveLength(size / 4)
  const took = new Set(site.sink.accepted().map(({ to }) => to))
  const claimedTooLate = unsubscribed.filter(({ contactId, claimedAt }) => claimedAt > (answers.get(contactId) ?? 0))
  expect(claimedTooLate.filter(({ state }) => state !== 'skipped')).toEqual([])
  const skipped = unsubscribed.filter(({ state }) => state === 'skipped')
  expect(skipped.filter(({ address }) => took.has(address))).toEqual([])
  expect(skipped.filter(({ claimedAt, eventAt }) => claimedAt < eventAt)).toEqual([])
  expect(new Set(skipped.map(({ reason }) => reason))).toEqual(new Set(['unsubscribed']))
  expect(counts).toMatchObject({ skipped: skipped.length, unknown: 0, failed: 0 })
  // Both happened, or nothing was tried.
  expect(skipped.length).toBeGreaterThan(0)
  expect(skipped.length).toBeLessThan(unsubscribed.length)
  process.stdout.write(`${unsubscribed.length} unsubscribed, ${claimedTooLate.length} of them before their claim\n`)
})
