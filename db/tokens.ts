import { sql } from 'kysely'
import type { LimitRef, LimitScope } from '../domain/limit.ts'
import type { Db } from './connect.ts'

/** What a take gave: tokens to use at once, or how long to wait and for which limit. */
export interface Taken {
  /** Messages that may go now. */
  granted: number
  /** Until asking again makes sense, in milliseconds; 0 when something was granted. */
  waitMs: number
  /** The limit that holds longest; null when something was granted. */
  heldBy: LimitRef | null
}

interface TakenRow {
  granted: number
  waitMs: number
  scope: LimitScope | null
  key: string | null
}

/**
 * Takes up to `wanted` (from 1 on) tokens, one for each message, from every limit named, or from none of them; limits
 * that have been removed do not hold. At most 50 ms of the slowest rate are granted at a time, and at least one.
 * Not for use inside a transaction: its locks would be held to the end, and the end would not wait for the disk.
 */
export async function takeTokens(db: Db, refs: LimitRef[], wanted: number): Promise<Taken> {
  // Three details hold the promise together.
  // The rows are locked in the order of their key, so that takers of overlapping sets never wait in a circle.
  // The clock is read when the last lock is held: who waited for a lock must judge by the time after it. now() is
  // when the statement began; by it, a bucket that another taker has emptied meanwhile could begin in the past.
  // The commit does not wait for the disk, for the locks would wait with it. A crash of PostgreSQL can thus forget
  // the takes of its last instants, and a day's cap be exceeded by so many.
  const { rows } = await sql<TakenRow>`
    with bucket as materialized (
      select scope, key, per_second, next_at, per_day, starts_on, day, used from sending_limit
      where ${named(refs)} order by scope, key for no key update
    ), moment as materialized (
      select clock_timestamp() as now, set_config('synchronous_commit', 'off', true), count(*) from bucket
    ), today as materialized (
      select now, (now at time zone 'UTC')::date as today from moment
    ), counted as materialized (
      select scope, key, per_second, now, today, next_at,
        case when day = today then used else 0 end as used, per_day[today - starts_on + 1] as cap
      from bucket, today
    ), judged as materialized (
      select scope, key, per_second, now, today, used, cap - used as left_today,
        case when per_second < 20 then 1 else floor(per_second / 20) end as slot,
        -- a bucket that lags has its tokens still; one that was idle has not saved any up
        case when next_at > now - interval '250 ms' then next_at else now end as starts_at,
        greatest(
          case when next_at > now then next_at end,
          case when used >= cap then (today + 1)::timestamp at time zone 'UTC' end
        ) as held_until
      from counted
    ), grant_of as materialized (
      select case when count(held_until) > 0 then 0
        else least(${wanted}::int, min(slot), min(left_today)) end::int as tokens
      from judged
    ), taken as (
      update sending_limit l set day = judged.today, used = judged.used + tokens,
        next_at = judged.starts_at + make_interval(secs => tokens / judged.per_second)
      from judged, grant_of where tokens > 0 and l.scope = judged.scope and l.key = judged.key
    )
    select tokens as granted, coalesce(ceil(extract(epoch from held_until - now) * 1000), 0)::int as "waitMs", scope, key
    from grant_of left join judged on held_until is not null
    order by held_until desc limit 1`.execute(db)
  return takenOf(rows[0])
}

function takenOf(row: TakenRow | undefined): Taken {
  if (row === undefined) throw new Error('a take answers with one row')
  const { granted, waitMs, scope, key } = row
  return { granted, waitMs, heldBy: scope === null || key === null ? null : { scope, key } }
}

/** Gives back, soon after the take, tokens that no message was found for. */
export async function giveBackTokens(db: Db, refs: LimitRef[], unused: number): Promise<void> {
  // Locked in the order of a take, and committed like one, for the same reasons.
  await sql`
    with bucket as materialized (
      select scope, key from sending_limit where ${named(refs)} order by scope, key for no key update
    ), commit as materialized (
      select set_config('synchronous_commit', 'off', true)
    )
    update sending_limit l set
      next_at = next_at - make_interval(secs => ${unused}::int / per_second),
      used = greatest(0, used - ${unused}::int)
    from bucket, commit where l.scope = bucket.scope and l.key = bucket.key`.execute(db)
}

const named = (refs: LimitRef[]) => {
  const scopes = refs.map(({ scope }) => scope)
  const keys = refs.map(({ key }) => key)
  return sql`(scope, key) in (select * from unnest(${scopes}::text[], ${keys}::text[]))`
}
