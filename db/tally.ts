import { sql } from 'kysely'
import { type Fate, type FateCounts, fates, noFates } from '../domain/fate.ts'
import type { Sql } from './audience-facts.ts'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'

// How many recipients of a campaign stand in each fate is asked all the time, and a ledger of millions is not counted
// for it: each statement that moves recipients from one fate to another writes the difference down with it.

/**
 * The statement that writes down what another one, of the same transaction, has moved.
 * @param part where it is written: a campaign's tally is the sum of its parts, so that those who work on the campaign
 *   side by side, in transactions that overlap, need not wait for each other's row.
 * @param moves a relation with a row for each move: the columns `was`, `state` and `recipients`.
 */
export const tallied = (campaignId: Id, part: number, moves: Sql): Sql => sql`
  insert into tally as t (campaign_id, part, ${list((fate) => sql.ref(fate))})
  select ${campaignId}::bigint, ${part}::int, ${list(
    (fate) => sql`coalesce(sum(recipients) filter (where state = ${sql.lit(fate)}), 0)
      - coalesce(sum(recipients) filter (where was = ${sql.lit(fate)}), 0)`,
  )}
  from (${moves}) as move having count(*) > 0
  on conflict (campaign_id, part) do update set ${list(
    (fate) => sql`${sql.ref(fate)} = t.${sql.ref(fate)} + excluded.${sql.ref(fate)}`,
  )}`

const list = (each: (fate: Fate) => Sql): Sql => sql.join(fates.map(each), sql`, `)

/** For statements that move recipients anywhere in the ledger, and seldom. */
export const wholeCampaign = 0

/** Recipients of a campaign by fate: exact at every instant, whatever its size. All zero before its audience is frozen. */
export async function countFates(db: Db, campaignId: Id): Promise<FateCounts> {
  const { rows } = await sql<FateCounts>`
    select ${list((fate) => sql`coalesce(sum(${sql.ref(fate)}), 0)::int as ${sql.ref(fate)}`)}
    from tally where campaign_id = ${campaignId}`.execute(db)
  return rows[0] ?? noFates()
}
