import { sql } from 'kysely'
import { Refusal } from '../domain/refusal.ts'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'

/** What a campaign is made of and must not lose before it is over. */
export interface Needed {
  /** As what the campaign names: its message's categories, its exclusions, or their segments. */
  categoryIds: Id[]
  resourceId?: Id
}

const mostNamed = 5

/**
 * Call it in the transaction that takes away what is needed, when its rows are locked: who schedules holds them too.
 * @throws {Refusal} naming the campaigns that are scheduled, resolving or sending.
 */
export async function refuseWhileNeeded(db: Db, what: string, { categoryIds, resourceId }: Needed): Promise<void> {
  const ids = sql`any(${categoryIds}::bigint[])`
  const { rows } = await sql<{ key: string }>`
    select key from campaign
    where state in ('scheduled', 'resolving', 'sending') and (
      resource_id = ${resourceId ?? null}::bigint
      or exists (select from message_category named
        where named.message_id = campaign.message_id and category_id = ${ids})
      or exists (select from campaign_category named where campaign_id = campaign.id and category_id = ${ids})
      or exists (select from campaign_segment named join segment on segment.id = named.segment_id
        where named.campaign_id = campaign.id and segment.category_id = ${ids}))
    order by id limit ${mostNamed + 1}`.execute(db)
  if (rows.length === 0) return
  const named = rows.slice(0, mostNamed).map((row) => row.key)
  throw new Refusal({
    field: what,
    rule: `is needed by campaigns that are not over: ${named.join(', ')}${rows.length > mostNamed ? ' and others' : ''}`,
    remedy: 'Wait until they are finished, or cancel them.',
  })
}
