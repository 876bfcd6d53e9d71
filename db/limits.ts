import { sql } from 'kysely'
import { type LimitRef, providerKey } from '../domain/limit.ts'
import type { Db } from './connect.ts'

/** What a limit allows: a rate, daily caps, or both. */
export interface LimitSettings {
  /** Messages a second. */
  perSecond: number | null
  /** How many on the first day, the second, and so on; no cap afterwards. */
  perDay: number[] | null
  /** The first of these days in UTC, as YYYY-MM-DD. Null with caps: today, by the database's clock. */
  startsOn: string | null
}

export interface LimitRow extends LimitRef, LimitSettings {
  /** Which day of the caps today is: 1 is the first, less is before it. Null without caps. */
  capDay: number | null
  /** Today's cap; null when there is none today. */
  capToday: number | null
  /** Messages that were allowed today (UTC). */
  usedToday: number
  changedBy: string
  changedAt: Date
}

/**
 * Which limits hold for whatever a campaign sends, and which domains have one of their own.
 * @param names.provider host name of the mail server, in any case.
 */
export async function limitsOf(
  db: Db,
  names: Record<'provider' | 'resource' | 'campaign', string>,
): Promise<{ shared: LimitRef[]; domains: string[] }> {
  const { rows } = await sql<LimitRef>`
    select scope, key from sending_limit where scope = 'domain' or (scope, key) in (
      ('provider', ${providerKey(names.provider)}), ('resource', ${names.resource}), ('campaign', ${names.campaign})
    ) order by scope, key`.execute(db)
  return {
    shared: rows.filter(({ scope }) => scope !== 'domain'),
    domains: rows.filter(({ scope }) => scope === 'domain').map(({ key }) => key),
  }
}

/** Sets a limit in place of what it was. Takers obey it from the commit on; what was used today stays counted. */
export async function setLimit(
  db: Db,
  { scope, key }: LimitRef,
  { perSecond, perDay, startsOn }: LimitSettings,
  by: string,
): Promise<LimitRow> {
  const { rows } = await sql<LimitRow>`
    insert into sending_limit as l (scope, key, per_second, per_day, starts_on, changed_by, changed_at)
    values (${scope}, ${key}, ${perSecond}, ${perDay}::integer[],
      case when ${perDay}::integer[] is not null then coalesce(${startsOn}::date, ${today}) end, ${by}, now())
    on conflict (scope, key) do update set
      per_second = excluded.per_second, per_day = excluded.per_day, starts_on = excluded.starts_on,
      changed_by = excluded.changed_by, changed_at = excluded.changed_at,
      -- Under the new rate nobody waits longer than its longest step. Under the same rate this changes nothing:
      -- otherwise whoever sets it again and again would let more through.
      next_at = case when excluded.per_second is null then null
        when l.next_at > clock_timestamp() + ${longestStep} then clock_timestamp() + ${longestStep} else l.next_at end
    returning ${shown}`.execute(db)
  const [row] = rows
  if (row === undefined) throw new Error('a limit that was set is there')
  return row
}

const today = sql`(clock_timestamp() at time zone 'UTC')::date`

/** A take moves a bucket on by 50 ms at most, or by one message where that takes longer. */
const longestStep = sql`make_interval(secs => greatest(0.05, 1 / excluded.per_second))`

// The date as text: the driver would make it midnight in whatever zone this process lives.
const shown = sql`scope, key, per_second as "perSecond", per_day as "perDay", starts_on::text as "startsOn",
  ${today} - starts_on + 1 as "capDay", per_day[${today} - starts_on + 1] as "capToday",
  case when day = ${today} then used else 0 end as "usedToday", changed_by as "changedBy", changed_at as "changedAt"`

/** @returns whether there was one. */
export async function removeLimit(db: Db, { scope, key }: LimitRef): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('sending_limit')
    .where('scope', '=', scope)
    .where('key', '=', key)
    .executeTakeFirstOrThrow()
  return numDeletedRows > 0n
}

/** Every limit, with what was used of it today. */
export async function listLimits(db: Db): Promise<LimitRow[]> {
  const { rows } = await sql<LimitRow>`select ${shown} from sending_limit order by scope, key`.execute(db)
  return rows
}
