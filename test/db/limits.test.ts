import { sql } from 'kysely'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import { type LimitSettings, limitsOf, listLimits, removeLimit, setLimit } from '../../db/limits.ts'
import { giveBackTokens, takeTokens } from '../../db/tokens.ts'
import type { LimitRef } from '../../domain/limit.ts'
import { captureSql, tidy } from '../setup/captured-sql.ts'
import { createDatabase } from '../setup/database.ts'

// What one taker gets of a limit, and what becomes of it when settings change. Takers at once: token-rate.test.ts.

let db: Db
beforeAll(async () => {
  ;({ db } = await createDatabase())
})
beforeEach(async () => {
  await db.deleteFrom('sending_limit').execute()
})

const provider: LimitRef = { scope: 'provider', key: 'mail.example.com' }
const resource: LimitRef = { scope: 'resource', key: 'acme' }
const gmail: LimitRef = { scope: 'domain', key: 'gmail.com' }

const set = (ref: LimitRef, settings: Partial<LimitSettings>) =>
  setLimit(db, ref, { perSecond: null, perDay: null, startsOn: null, ...settings }, 'ada')

interface Bucket {
  nextAt: Date | null
  /** Until next_at, by the database's clock; negative when it lags. */
  aheadMs: number | null
  used: number
}

async function bucketOf({ scope, key }: LimitRef): Promise<Bucket> {
  const { rows } = await sql<Bucket>`
    select next_at as "nextAt", (extract(epoch from next_at - clock_timestamp()) * 1000)::float8 as "aheadMs", used
    from sending_limit where scope = ${scope} and key = ${key}`.execute(db)
  return rows[0] ?? { nextAt: null, aheadMs: null, used: -1 }
}

/** Lets days pass for a bucket: what it knows of today was yesterday's. */
const letDaysPass = (days: number) =>
  sql`
  update sending_limit set day = day - ${days}::int, starts_on = starts_on - ${days}::int, next_at = null`.execute(db)

const free = { granted: 1, waitMs: 0, heldBy: null }

test('without a limit everything is granted, also when one was removed meanwhile', async () => {
  expect(await takeTokens(db, [], 70)).toEqual({ ...free, granted: 70 })
  await set(provider, { perSecond: 0.001 })
  await takeTokens(db, [provider], 1)
  expect(await removeLimit(db, provider)).toBe(true)
  expect(await removeLimit(db, provider)).toBe(false)
  expect(await takeTokens(db, [provider], 70)).toEqual({ ...free, granted: 70 })
})

test.each([
  { perSecond: 1000, wanted: 200, granted: 50 },
  { perSecond: 1000, wanted: 7, granted: 7 },
  { perSecond: 59, wanted: 200, granted: 2 },
  { perSecond: 19.9, wanted: 200, granted: 1 },
  { perSecond: 0.001, wanted: 200, granted: 1 },
])('of $perSecond a second and $wanted wanted, $granted are granted: 50 ms, or one', async (each) => {
  await set(provider, { perSecond: each.perSecond })
  expect(await takeTokens(db, [provider], each.wanted)).toEqual({ ...free, granted: each.granted })
})

test('a bucket that has just granted holds until its tokens are due', async () => {
  await set(provider, { perSecond: 0.01 })
  const before = Date.now()
  await takeTokens(db, [provider], 1)
  const { granted, waitMs, heldBy } = await takeTokens(db, [provider], 1)
  expect({ granted, heldBy }).toEqual({ granted: 0, heldBy: provider })
  expect(waitMs).toBeLessThanOrEqual(100_000)
  expect(waitMs).toBeGreaterThanOrEqual(100_000 - (Date.now() - before))
})

test('all buckets grant together or none does, and the slowest decides', async () => {
  await set(provider, { perSecond: 1000 })
  await set(resource, { perSecond: 100 })
  await set(gmail, { perSecond: 0.01 })
  expect(await takeTokens(db, [provider, resource], 200)).toEqual({ ...free, granted: 5 })
  await sql`update sending_limit set next_at = null`.execute(db)
  expect(await takeTokens(db, [provider, resource, gmail], 200)).toEqual(free)
  await sql`update sending_limit set next_at = null where scope <> 'domain'`.execute(db)
  expect(await takeTokens(db, [gmail, provider, resource], 200)).toMatchObject({ granted: 0, heldBy: gmail })
  expect((await listLimits(db)).map(({ key, usedToday }) => [key, usedToday])).toEqual([
    ['gmail.com', 1],
    ['mail.example.com', 6],
    ['acme', 6],
  ])
})

test('who holds longest is named', async () => {
  await set(provider, { perSecond: 0.1 })
  await set(resource, { perSecond: 0.01 })
  await takeTokens(db, [provider, resource], 1)
  expect(await takeTokens(db, [provider, resource], 1)).toMatchObject({ granted: 0, heldBy: resource })
})

test('idleness saves nothing up', async () => {
  await set(provider, { perSecond: 100 })
  await sql`update sending_limit set next_at = clock_timestamp() - interval '1 hour'`.execute(db)
  expect(await takeTokens(db, [provider], 200)).toEqual({ ...free, granted: 5 })
  // An hour's tokens would have left next_at an hour behind.
  expect((await bucketOf(provider)).nextAt?.getTime()).toBeGreaterThan(Date.now() - 60_000)
})

test('who waited for a lock judges by the time after it', async () => {
  await set(provider, { perSecond: 0.01 })
  const { taking, released } = await db.transaction().execute(async (locker) => {
    await sql`select from sending_limit for update`.execute(locker)
    const taking = takeTokens(db, [provider], 1)
    await new Promise((resolve) => setTimeout(resolve, 300))
    const { rows } = await sql<{ at: Date }>`select clock_timestamp() as at`.execute(locker)
    return { taking, released: rows[0]?.at.getTime() ?? 0 }
  })
  expect(await taking).toEqual(free)
  expect((await bucketOf(provider)).nextAt?.getTime()).toBeGreaterThanOrEqual(released + 100_000)
})

test('daily caps: day by day, then none', async () => {
  await set(provider, { perDay: [3, 5] })
  expect(await takeTokens(db, [provider], 2)).toEqual({ ...free, granted: 2 })
  expect(await takeTokens(db, [provider], 2)).toEqual(free)
  const { granted, waitMs, heldBy } = await takeTokens(db, [provider], 2)
  expect({ granted, heldBy }).toEqual({ granted: 0, heldBy: provider })
  const midnight = new Date().setUTCHours(24, 0, 0, 0)
  // The clock may have struck midnight since; it has not gone back.
  expect(Math.abs(Date.now() + waitMs - midnight)).toBeLessThan(60_000)
  expect(await listLimits(db)).toMatchObject([{ capDay: 1, capToday: 3, usedToday: 3 }])

  await letDaysPass(1)
  expect(await listLimits(db)).toMatchObject([{ capDay: 2, capToday: 5, usedToday: 0 }])
  expect(await takeTokens(db, [provider], 100)).toEqual({ ...free, granted: 5 })
  expect(await takeTokens(db, [provider], 100)).toMatchObject({ granted: 0 })

  await letDaysPass(1)
  expect(await listLimits(db)).toMatchObject([{ capDay: 3, capToday: null, usedToday: 0 }])
  expect(await takeTokens(db, [provider], 100)).toEqual({ ...free, granted: 100 })
})

test('before its first day a warm-up holds nobody', async () => {
  await set(provider, { perDay: [3], startsOn: '2999-12-31' })
  expect(await takeTokens(db, [provider], 100)).toEqual({ ...free, granted: 100 })
  expect(await listLimits(db)).toMatchObject([{ startsOn: '2999-12-31', capToday: null, usedToday: 100 }])
})

test('a rate and caps hold together', async () => {
  await set(provider, { perSecond: 1000, perDay: [60] })
  expect(await takeTokens(db, [provider], 200)).toEqual({ ...free, granted: 50 })
  await sql`update sending_limit set next_at = null`.execute(db)
  expect(await takeTokens(db, [provider], 200)).toEqual({ ...free, granted: 10 })
  const { waitMs } = await takeTokens(db, [provider], 200)
  expect(waitMs, 'until midnight, not until the next 50 ms').toBeGreaterThan(50)
})

test('a new rate holds at once, and the old one nobody any more', async () => {
  await set(provider, { perSecond: 0.001 })
  await takeTokens(db, [provider], 1)
  expect((await bucketOf(provider)).aheadMs).toBeGreaterThan(900_000)
  await set(provider, { perSecond: 10 })
  expect((await bucketOf(provider)).aheadMs).toBeLessThanOrEqual(100)

  await set(provider, { perSecond: 0.001 })
  await sql`update sending_limit set next_at = null`.execute(db)
  await takeTokens(db, [provider], 1)
  await set(provider, { perDay: [10] })
  expect(await takeTokens(db, [provider], 1), 'only caps are left').toEqual(free)
})

test('setting what is set already lets nothing more through, and forgets nothing', async () => {
  await set(provider, { perSecond: 0.001, perDay: [5] })
  await takeTokens(db, [provider], 1)
  const before = await bucketOf(provider)
  expect(await set(provider, { perSecond: 0.001, perDay: [5] })).toMatchObject({ usedToday: 1, capToday: 5 })
  expect((await bucketOf(provider)).nextAt).toEqual(before.nextAt)
})

test('lowering the cap below what was used stops for today', async () => {
  await set(provider, { perSecond: 100_000 })
  await takeTokens(db, [provider], 40)
  await set(provider, { perDay: [30] })
  expect(await takeTokens(db, [provider], 1)).toMatchObject({ granted: 0, heldBy: provider })
  expect(await listLimits(db)).toMatchObject([{ usedToday: 40, capToday: 30 }])
})

test('tokens given back can be taken again, by rate and by cap', async () => {
  await set(provider, { perSecond: 0.01 })
  await set(resource, { perDay: [2] })
  await takeTokens(db, [provider, resource], 1)
  const { nextAt } = await bucketOf(provider)
  await giveBackTokens(db, [provider, resource, gmail], 1)
  expect((nextAt?.getTime() ?? 0) - ((await bucketOf(provider)).nextAt?.getTime() ?? 0)).toBe(100_000)
  expect((await listLimits(db)).map(({ usedToday }) => usedToday)).toEqual([0, 0])
  expect(await takeTokens(db, [provider, resource], 1)).toEqual(free)
})

test('giving back is no way to save tokens up', async () => {
  await set(provider, { perSecond: 100, perDay: [10] })
  await takeTokens(db, [provider], 3)
  await giveBackTokens(db, [provider], 3000)
  expect(await bucketOf(provider)).toMatchObject({ used: 0 })
  expect(await takeTokens(db, [provider], 200)).toEqual({ ...free, granted: 5 })
  expect((await bucketOf(provider)).nextAt?.getTime()).toBeGreaterThan(Date.now() - 20_000)
})

test('tokens of yesterday do not make today longer', async () => {
  await set(provider, { perDay: [3, 5] })
  await takeTokens(db, [provider], 3)
  await letDaysPass(1)
  await giveBackTokens(db, [provider], 3)
  expect(await takeTokens(db, [provider], 100)).toEqual({ ...free, granted: 5 })
})

test.each([{ tokens: takeTokens }, { tokens: giveBackTokens }])(
  '$tokens.name commits without waiting for the disk',
  async ({ tokens }) => {
    await set(provider, { perSecond: 100 })
    await db.transaction().execute(async (db) => {
      await sql`set local synchronous_commit = on`.execute(db)
      await tokens(db, [provider], 1)
      expect((await sql`show synchronous_commit`.execute(db)).rows).toEqual([{ synchronous_commit: 'off' }])
    })
  },
)

test('which limits hold for a campaign, and which domains have one', async () => {
  const names = { provider: 'Mail.Example.COM', resource: 'acme', campaign: 'spring' }
  expect(await limitsOf(db, names)).toEqual({ shared: [], domains: [] })
  const campaign: LimitRef = { scope: 'campaign', key: 'spring' }
  // The same word in another scope is another limit.
  const others: LimitRef[] = [
    { scope: 'campaign', key: 'acme' },
    { scope: 'resource', key: 'spring' },
    { scope: 'provider', key: 'acme' },
  ]
  for (const ref of [provider, resource, campaign, gmail, ...others]) await set(ref, { perSecond: 10 })
  await set({ scope: 'domain', key: 'example.org' }, { perDay: [1] })
  expect(await limitsOf(db, names)).toEqual({
    shared: [campaign, provider, resource],
    domains: ['example.org', 'gmail.com'],
  })
})

test('what was set, by whom, is listed', async () => {
  const row = await set(gmail, { perDay: [500, 1000], startsOn: '2030-01-31' })
  expect(row).toEqual({
    ...gmail,
    perSecond: null,
    perDay: [500, 1000],
    startsOn: '2030-01-31',
    capDay: expect.any(Number),
    capToday: null,
    usedToday: 0,
    changedBy: 'ada',
    changedAt: expect.any(Date),
  })
  expect(await listLimits(db)).toEqual([row])
})

test('the text of a take', async () => {
  const capture = captureSql(db)
  await takeTokens(capture.db, [provider], 1)
  await expect(tidy(capture.statements[0]?.sql ?? '')).toMatchFileSnapshot('../sql/take.sql')
})
