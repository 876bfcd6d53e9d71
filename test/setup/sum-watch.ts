import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { fates } from '../../domain/fate.ts'
import type { Installation } from './installation.ts'

export interface SumWatch {
  looks: () => number
  /** @returns at how many looks the fates did not sum to the audience, or the tally was not what counting gives. */
  stop: () => Promise<number>
}

/** Often, and yet a small part of what the database has to do. */
const everyMs = 100

/** Looks at a campaign again and again. While the database is away nothing can be seen. */
export function watchSums({ db }: Installation, key: string): SumWatch {
  let isWatching = true
  let looks = 0
  let wrong = 0
  const look = async (): Promise<void> => {
    const { rows } = await sumsOf(key)
      .execute(db)
      .catch(() => ({ rows: [] }))
    const [seen] = rows
    if (seen === undefined) return
    looks += 1
    if (!seen.isRight) wrong += 1
  }
  const watching = (async () => {
    for (; isWatching; await sleep(everyMs)) await look()
  })()
  return {
    looks: () => looks,
    stop: async () => {
      isWatching = false
      await watching
      return wrong
    },
  }
}

/** One statement, and so of one instant. No row before the audience is frozen. */
const sumsOf = (key: string) => sql<{ isRight: boolean }>`
  with counted as (
    select state, count(*) as recipients from recipient
    where campaign_id = (select id from campaign where key = ${key}) group by state
  ), tallied as (
    select fate.* from campaign c join tally t on t.campaign_id = c.id
    cross join lateral (values ${sql.join(fates.map((fate) => sql`(${sql.lit(fate)}, t.${sql.ref(fate)})`))})
      as fate (state, recipients) where c.key = ${key}
  )
  select (select sum(recipients) from counted) = audience
    and not exists (
      select state from (select state, recipients from tallied union all select state, -recipients from counted) as both_ways
      group by state having sum(recipients) <> 0
    ) as "isRight"
  from campaign where key = ${key} and audience > 0`
