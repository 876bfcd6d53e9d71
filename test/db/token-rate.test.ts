import { sql } from 'kysely'
import { afterEach, beforeAll, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import { setLimit } from '../../db/limits.ts'
import { giveBackTokens, takeTokens } from '../../db/tokens.ts'
import type { LimitRef } from '../../domain/limit.ts'
import { createDatabase } from '../setup/database.ts'

// Several takers at once, each with a connection of its own. A trigger writes down every grant by the clock of the
// database, under the lock of the bucket, so that what is judged does not depend on how fast this machine is.

let db: Db
beforeAll(async () => {
  ;({ db } = await createDatabase())
  const statements = [
    `create table grants (id bigint generated always as identity, key text, at timestamptz, before timestamptz,
      after timestamptz, tokens integer)`,
    `create function note_grant() returns trigger language plpgsql as $$
    begin
      insert into grants (key, at, before, after, tokens)
      values (new.key, clock_timestamp(), old.next_at, new.next_at, new.used - old.used);
      return new;
    end $$`,
    `create trigger note_grant before update on sending_limit for each row execute function note_grant()`,
  ]
  for (const statement of statements) await sql.raw(statement).execute(db)
})
afterEach(async () => {
  await db.deleteFrom('sending_limit').execute()
  await sql`truncate grants`.execute(db)
})

const bucket = (key: string): LimitRef => ({ scope: 'domain', key })
const set = (key: string, perSecond: number) =>
  setLimit(db, bucket(key), { perSecond, perDay: null, startsOn: null }, 'ada')

/** Takes from several connections at once, waiting as told, until the time is over. @returns tokens granted. */
async function takeFor(ms: number, takers: number, pick: (taker: number) => LimitRef[], wanted = 200): Promise<number> {
  const end = Date.now() + ms
  const taker = async (_: unknown, index: number): Promise<number> => {
    let tokens = 0
    while (Date.now() < end) {
      const { granted, waitMs } = await takeTokens(db, pick(index), wanted)
      tokens += granted
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, Math.min(waitMs, end - Date.now()))))
    }
    return tokens
  }
  const counts = await Promise.all(Array.from({ length: takers }, taker))
  return counts.reduce((sum, count) => sum + count, 0)
}

/** Instants in microseconds from one near the first grant. */
interface Grant {
  at: number
  /** next_at, before and after. */
  before: number | null
  after: number
  tokens: number
}

async function grantsOf(key: string): Promise<Grant[]> {
  const since = (column: string) =>
    sql`(extract(epoch from ${sql.ref(column)} - (select min(at) from grants)) * 1000000)::float8`
  const { rows } = await sql<Grant>`
    select ${since('at')} as at, ${since('before')} as before, ${since('after')} as after, tokens
    from grants where key = ${key} order by id`.execute(db)
  return rows
}

const total = (grants: Grant[]): number => grants.reduce((sum, { tokens }) => sum + tokens, 0)

/** From where a grant moved the bucket on: the instant at which it was judged, or up to 250 ms before. */
const startOf = ({ after, tokens }: Grant, rate: number): number => after - (tokens / rate) * 1e6

/** The worst of all stretches from one grant to a later one: tokens beyond what the rate allows in that time. */
function worstExcess(grants: Grant[], rate: number): number {
  let worst = -Infinity
  for (const [index, first] of grants.entries()) {
    let tokens = 0
    for (const grant of grants.slice(index)) {
      tokens += grant.tokens
      worst = Math.max(worst, tokens - (rate * (grant.at - startOf(first, rate))) / 1e6)
    }
  }
  return worst
}

/** The grants that did not move the bucket on from where it stood: the first, and those after a pause. */
const breaksOf = (grants: Grant[], rate: number): Grant[] =>
  grants.filter((grant) => grant.before === null || startOf(grant, rate) - grant.before > rounding)

/** A bucket that lags this long begins anew. */
const lagMs = 250
/** Instants are kept in whole microseconds. */
const rounding = 2

test.each([{ rate: 500 }, { rate: 30 }, { rate: 4 }])(
  '$rate a second is never exceeded by six takers',
  async (each) => {
    const { rate } = each
    await set('a.example', rate)
    const granted = await takeFor(3000, 6, () => [bucket('a.example')])
    const grants = await grantsOf('a.example')
    expect(grants.length).toBeGreaterThan(1)
    expect(total(grants)).toBe(granted)

    // 50 ms go at once, or one token; nothing more, from the first instant on.
    const slot = Math.max(1, Math.floor(rate / 20))
    expect(worstExcess(grants, rate)).toBeLessThanOrEqual(slot + 0.01)
    expect(grants[0]).toMatchObject({ before: null })
  },
)

test('each grant moves the bucket on from where it stood, or from now when it lagged too long', async () => {
  const rate = 70
  await set('b.example', rate)
  await takeFor(1500, 4, () => [bucket('b.example')])
  // A pause that saves nothing up, and then on again.
  await new Promise((resolve) => setTimeout(resolve, 2 * lagMs))
  await takeFor(500, 4, () => [bucket('b.example')])
  const grants = await grantsOf('b.example')

  const breaks = breaksOf(grants, rate)
  for (const { at, before } of grants) expect(before ?? -Infinity, 'due before it is granted').toBeLessThanOrEqual(at)
  for (const grant of breaks) {
    expect(startOf(grant, rate) - (grant.before ?? -Infinity)).toBeGreaterThanOrEqual(lagMs * 1000 - rounding)
    expect(startOf(grant, rate)).toBeLessThanOrEqual(grant.at + rounding)
  }
  // Otherwise the average would fall short of the rate by every wait for a timer.
  expect(breaks.length).toBeLessThan(grants.length)
  expect(breaks.length).toBeGreaterThanOrEqual(2)
})

test('after N tokens without a break the bucket stands at its start plus N / rate', async () => {
  const rate = 40
  await set('c.example', rate)
  await takeFor(1500, 4, () => [bucket('c.example')])
  const grants = await grantsOf('c.example')
  const breaks = breaksOf(grants, rate).map((grant) => grants.indexOf(grant))
  for (const [index, from] of breaks.entries()) {
    const run = grants.slice(from, breaks[index + 1])
    const [first] = run
    const moved = (run.at(-1)?.after ?? 0) - (first === undefined ? 0 : startOf(first, rate))
    expect(Math.abs(moved - (total(run) / rate) * 1e6)).toBeLessThan(rounding * run.length)
  }
})

test('takers of overlapping sets do not block each other for ever, and every token is accounted for', async () => {
  const keys = ['d.example', 'e.example', 'f.example', 'g.example']
  for (const key of keys) await set(key, 100_000)
  // Each in an order of its own; giving back locks as well.
  const rotated = (taker: number) => [...keys.slice(taker % 4), ...keys.slice(0, taker % 4)].slice(0, 2 + (taker % 3))
  const pick = (taker: number) => (taker < 4 ? rotated(taker) : rotated(taker).toReversed())
  const kept = new Map<string, number>(keys.map((key) => [key, 0]))
  const taker = async (_: unknown, index: number): Promise<void> => {
    const refs = pick(index).map(bucket)
    for (let round = 0; round < 150; round += 1) {
      const { granted } = await takeTokens(db, refs, 3)
      const unused = round % 3 === 0 ? Math.min(granted, 1) : 0
      if (unused > 0) await giveBackTokens(db, refs, unused)
      for (const { key } of refs) kept.set(key, (kept.get(key) ?? 0) + granted - unused)
    }
  }
  await Promise.all(Array.from({ length: 8 }, taker))
  const used = await db.selectFrom('sending_limit').select(['key', 'used']).orderBy('key').execute()
  expect(used.map(({ key, used }) => [key, used])).toEqual([...kept])
  expect(Math.min(...kept.values())).toBeGreaterThan(0)
})

test('eight takers do not exceed a daily cap', async () => {
  await setLimit(db, bucket('h.example'), { perSecond: null, perDay: [100, 100], startsOn: null }, 'ada')
  const taker = async (): Promise<number> => {
    let tokens = 0
    for (let round = 0; round < 30; round += 1) tokens += (await takeTokens(db, [bucket('h.example')], 3)).granted
    return tokens
  }
  const counts = await Promise.all(Array.from({ length: 8 }, taker))
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(100)
})
