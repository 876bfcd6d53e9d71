import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { NewLimit } from '../client/limits.ts'
import type { RunningProcess } from '../dev/processes.ts'
import { content } from './senders/message.ts'
import { type Audience, loadAudiences } from './stage/audience.ts'
import { round2 } from './stage/figures.ts'
import { say } from './stage/say.ts'
import { onStage, type Stage } from './stage/stage.ts'
import { startWorker, stopWorkers } from './stage/worker.ts'

/** What a limit must hold over, and how many workers share it. */
const windowSeconds = 10
const workers = 2

export interface LimitsOptions {
  perSecond: number
}

/**
 * How exactly two workers together keep a limit of each scope: messages claimed in ten seconds as a share of what it
 * allows, the fullest tenth of a second at the start in tenths of a second's worth, the share after the rate was
 * doubled while it ran, and how two campaigns share one limit. There is no floor: the limit is what it is held against.
 */
export const limits = ({ perSecond }: LimitsOptions): Promise<object> =>
  onStage(async (stage) => {
    // Enough for the window, the doubled window and what is claimed before they are measured.
    const audience = { key: 'everybody', size: perSecond * windowSeconds * 5 }
    await loadAudiences(stage, [audience])
    const started: RunningProcess[] = []
    try {
      for (let number = 1; number <= workers; number += 1)
        started.push(await startWorker(stage, { name: `worker-${number}` }))
      return {
        benchmark: 'limits',
        perSecond,
        windowSeconds,
        workers,
        ...(await eachScope(stage, audience, perSecond)),
        twoCampaigns: await shareOfTwo(stage, audience, perSecond),
      }
    } finally {
      await stopWorkers(started)
    }
  })

type Scoped = Pick<NewLimit, 'scope' | 'key'>

async function eachScope(stage: Stage, audience: Audience, perSecond: number): Promise<Record<string, object>> {
  const scopes: Scoped[] = [
    { scope: 'provider', key: '127.0.0.1' },
    { scope: 'resource', key: 'bench' },
    { scope: 'domain', key: 'bench.example' },
    { scope: 'campaign', key: 'limited-campaign' },
  ]
  const results: Record<string, object> = {}
  for (const each of scopes) {
    results[each.scope] = await keepsTo(stage, audience, each, perSecond)
    say(`${each.scope}: ${JSON.stringify(results[each.scope])}`)
  }
  return results
}

async function keepsTo(stage: Stage, audience: Audience, limit: Scoped, perSecond: number): Promise<object> {
  const { addressee, db } = stage
  await addressee.limits.set({ ...limit, perSecond })
  const id = await schedule(stage, audience, `limited-${limit.scope}`)
  const begun = await firstClaim(stage, id)
  await sleep(1000 * windowSeconds + 500)
  const share = (await claimedIn(stage, id, begun, windowSeconds)) / (perSecond * windowSeconds)
  const burst = (await fullestTenth(stage, id, begun)) / (perSecond / 10)
  await addressee.limits.set({ ...limit, perSecond: 2 * perSecond })
  const { rows } = await sql<{ now: Date }>`select now() as now`.execute(db)
  await sleep(1000 * windowSeconds + 500)
  const doubled = await claimedIn(stage, id, rows[0]?.now ?? begun, windowSeconds)
  await addressee.campaigns.cancel(id)
  await addressee.limits.remove(limit.scope, limit.key)
  return {
    share: round2(share),
    burst: round2(burst),
    shareWhenDoubled: round2(doubled / (2 * perSecond * windowSeconds)),
  }
}

/** A campaign that has all of the limit to itself is joined by a second one: what each gets of it from then on. */
async function shareOfTwo(stage: Stage, audience: Audience, perSecond: number): Promise<object> {
  const { addressee } = stage
  await addressee.limits.set({ scope: 'resource', key: 'bench', perSecond })
  const first = await schedule(stage, audience, 'first-of-two')
  await firstClaim(stage, first)
  const second = await schedule(stage, audience, 'second-of-two')
  const begun = await firstClaim(stage, second)
  await sleep(1000 * windowSeconds + 500)
  const shareOf = async (id: string) =>
    round2((await claimedIn(stage, id, begun, windowSeconds)) / (perSecond * windowSeconds))
  const shares = { first: await shareOf(first), second: await shareOf(second) }
  for (const id of [first, second]) await addressee.campaigns.cancel(id)
  await addressee.limits.remove('resource', 'bench')
  return shares
}

async function schedule({ addressee }: Stage, audience: Audience, key: string): Promise<string> {
  const definition = { key, resource: 'bench', categories: [audience.key], content, now: true }
  return (await addressee.campaigns.schedule(definition)).id
}

/** By the database's clock, as everything here. */
async function firstClaim({ db }: Stage, id: string): Promise<Date> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const { rows } = await sql<{ at: Date | null }>`
      select min(claimed_at) as at from recipient where campaign_id = ${id}`.execute(db)
    if (rows[0]?.at) return rows[0].at
    await sleep(100)
  }
  throw new Error(`nobody claims from campaign ${id}`)
}

async function claimedIn({ db }: Stage, id: string, from: Date, seconds: number): Promise<number> {
  const { rows } = await sql<{ claimed: number }>`
    select count(*)::int as claimed from recipient
    where campaign_id = ${id} and claimed_at >= ${from} and claimed_at < ${from}::timestamptz + make_interval(secs => ${seconds})`.execute(
    db,
  )
  return rows[0]?.claimed ?? 0
}

async function fullestTenth({ db }: Stage, id: string, from: Date): Promise<number> {
  const { rows } = await sql<{ most: number }>`
    select max(claimed)::int as most from (
      select count(*) as claimed from recipient
      where campaign_id = ${id} and claimed_at >= ${from} and claimed_at < ${from}::timestamptz + interval '1 second'
      group by floor(extract(epoch from claimed_at - ${from}::timestamptz) * 10)
    ) as tenth`.execute(db)
  return rows[0]?.most ?? 0
}
