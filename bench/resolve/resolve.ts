import { freezeAudience, previewAudience } from '../../db/audience.ts'
import type { Db } from '../../db/connect.ts'
import { criteriaOf } from '../../db/criteria.ts'
import { explainContact } from '../../db/explain.ts'
import { onDatabase } from '../stage/database.ts'
import { median, round2 } from '../stage/figures.ts'
import { say } from '../stage/say.ts'
import { dropBoth, insertBare, requireSameRows } from './bare-insert.ts'
import { createCampaign } from './campaign.ts'
import { loadWorld, type World } from './world.ts'

export interface ResolveOptions {
  contacts: number
  rounds: number
  /** Once more with ten times the contacts. */
  scale: boolean
}

/**
 * Freezing an audience with its whole funnel, beside a bare INSERT … SELECT of the same rows from the same tables into
 * the same kind of table with the same indexes, alternating.
 */
export async function resolve({ contacts, rounds, scale }: ResolveOptions): Promise<object> {
  const one = await resolveAmong(contacts, rounds)
  if (!scale) return { benchmark: 'resolve', rounds, ...one }
  const ten = await resolveAmong(10 * contacts, rounds)
  // 1: as long for each contact as among a tenth of them.
  const tenTimes = round2(ten.freezeSeconds / (10 * one.freezeSeconds))
  return { benchmark: 'resolve', rounds, one, ten, tenTimes }
}

// What a server of this size would be given; the defaults are for a machine of the nineties.
const flags = ['shared_buffers=2GB', 'work_mem=64MB', 'maintenance_work_mem=512MB', 'max_wal_size=4GB']

interface Resolved {
  contacts: number
  audience: number
  loadSeconds: number
  freezeSeconds: number
  bareSeconds: number
  timesBare: number
  previewOfFreeze: number
  explainMilliseconds: number
}

const resolveAmong = (contacts: number, rounds: number): Promise<Resolved> =>
  onDatabase(flags, async (database) => {
    const { result: world, seconds } = await timed(() => loadWorld(database, contacts))
    return { contacts, loadSeconds: Math.round(seconds), ...(await measure(database.db, world, rounds)) }
  })

async function measure(db: Db, world: World, rounds: number): Promise<Omit<Resolved, 'contacts' | 'loadSeconds'>> {
  const results: Round[] = []
  for (let number = 1; number <= rounds; number += 1) results.push(await measureRound(db, world, number))
  const of = (pick: keyof Round) => median(results.map((each) => each[pick]))
  return {
    audience: of('audience'),
    freezeSeconds: round2(of('freeze')),
    bareSeconds: round2(of('bare')),
    timesBare: round2(median(results.map((each) => each.freeze / each.bare))),
    previewOfFreeze: round2(of('preview') / of('freeze')),
    explainMilliseconds: round2(1000 * (await explainSeconds(db, world))),
  }
}

interface Round {
  audience: number
  freeze: number
  bare: number
  preview: number
}

async function measureRound(db: Db, world: World, number: number): Promise<Round> {
  const campaignId = await createCampaign(db, world, `round-${number}`)
  const { seconds: preview } = await timed(async () => previewAudience(db, await criteriaOf(db, campaignId)))
  const { seconds: freeze, result } = await timed(() => freezeAudience(db, campaignId))
  const { seconds: bare } = await timed(() => insertBare(db, world, campaignId))
  say(`round ${number}: freeze ${round2(freeze)} s, bare ${round2(bare)} s, preview ${round2(preview)} s`)
  await requireSameRows(db, campaignId)
  await dropBoth(db, campaignId)
  return { audience: result?.audience ?? 0, freeze, bare, preview }
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const started = performance.now()
  const result = await work()
  return { result, seconds: (performance.now() - started) / 1000 }
}

async function explainSeconds(db: Db, world: World): Promise<number> {
  const criteria = await criteriaOf(db, await createCampaign(db, world, 'explain'))
  const contacts = Array.from({ length: 50 }, (_, index) => String(1 + index * 97))
  const times: number[] = []
  for (const contact of contacts) times.push((await timed(() => explainContact(db, criteria, contact))).seconds)
  return median(times)
}
