import { sql } from 'kysely'
import { keyFromTitle, longestKey } from '../domain/category-key.ts'
import { Refusal } from '../domain/refusal.ts'
import type { Db } from './connect.ts'

/** Two at once must not make the same key from the same title, nor both be the last that the cap allows. */
export async function takeTurnOfKeys(db: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('addressee: category keys', 0))`.execute(db)
}

/**
 * A key from the title that no category has or had and no segment has: the title's own, or that with a number behind it.
 * The numbers are searched by doubling and halving: with ten thousand categories of one title that takes thirty look-ups,
 * where counting up would take ten thousand. Call it after `takeTurnOfKeys`.
 */
export async function freeKey(db: Db, title: string): Promise<string> {
  const base = keyFromTitle(title)
  const numbered = (number: ReturnType<typeof sql>) => sql`case when ${number} = 1 then ${base} else
    rtrim(left(${base}, ${longestKey}::int - length('-' || ${number})), '-') || '-' || ${number} end`
  const isTaken = (number: ReturnType<typeof sql>) => sql`(
    exists (select from category where key = ${numbered(number)})
    or exists (select from segment where key = ${numbered(number)}))`
  // What is below `taken` is no question any more; `free` becomes one when `is_bounded`.
  const { rows } = await sql<{ key: string }>`
    with recursive search (taken, free, is_bounded) as (
      select 0, 1, false
      union all
      select
        case when probe.is_taken then probe.number else taken end,
        case when not probe.is_taken then probe.number when is_bounded then free else free * 2 end,
        is_bounded or not probe.is_taken
      from search, lateral (select case when is_bounded then (taken + free) / 2 else free end as number) as tried,
        lateral (select tried.number, ${isTaken(sql`tried.number`)} as is_taken) as probe
      where not is_bounded or free - taken > 1
    )
    select ${numbered(sql`free`)} as key from search where is_bounded and free - taken = 1`.execute(db)
  if (rows[0] === undefined) throw new Error('a search for a free number ends')
  return rows[0].key
}

/** @throws {Refusal} when a segment has the key that the category's own segment needs. */
export async function refuseSegmentKey(db: Db, key: string): Promise<void> {
  const segment = await db.selectFrom('segment').select('id').where('key', '=', key).executeTakeFirst()
  if (segment === undefined) return
  throw new Refusal({
    field: 'key',
    rule: `a segment has the key ${key} already, and the category's own segment needs it`,
    remedy: 'Choose another key for the category.',
  })
}
