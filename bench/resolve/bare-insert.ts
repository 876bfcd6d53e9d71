import { sql } from 'kysely'
import type { Db } from '../../db/connect.ts'
import type { Id } from '../../db/schema.ts'
import { asked } from './campaign.ts'
import type { World } from './world.ts'

// The floor.

const bareTable = (campaignId: Id) => sql.table(`bare_${campaignId}`)
const partition = (campaignId: Id) => sql.table(`recipient_${campaignId}`)

/**
 * What one would write by hand to get the same rows, and no more: no funnel, no reasons, no categories without
 * consent of their own. Same table, same indexes.
 */
export async function insertBare(db: Db, world: World, campaignId: Id): Promise<void> {
  const bare = bareTable(campaignId)
  await db.transaction().execute(async (db) => {
    await sql`create table ${bare} (like recipient including defaults including constraints)`.execute(db)
    await sql`
      insert into ${bare} (campaign_id, seq, contact_id, address, address_key, category_ids)
      select ${campaignId}::bigint, row_number() over (order by contact_id), contact_id, value, address_key, category_ids
      from (${audience(world)}) as chosen`.execute(db)
    await sql`alter table ${bare} add primary key (campaign_id, seq)`.execute(db)
    await sql`create index on ${bare} (campaign_id, contact_id)`.execute(db)
    await sql`analyze ${bare}`.execute(db)
  })
}

function audience(world: World) {
  const { categories, included, excluded } = asked(world)
  return sql`
    select distinct on (a.address_key) s.contact_id, a.value, a.address_key, s.category_ids
    from (
      select contact_id, array_agg(category_id) as category_ids from subscription
      where category_id = any(${categories}::bigint[]) and status = 'subscribed' group by contact_id
    ) s
    join contact c on c.id = s.contact_id and c.deleted_at is null
    join contact_address a on a.contact_id = c.id and a.channel = 'email' and a.status = 'active'
    where s.contact_id in (select contact_id from segment_member where segment_id = any(${included}::bigint[]))
      and not exists (select from segment_member x where x.segment_id = any(${excluded}::bigint[]) and x.contact_id = c.id)
      and not exists (select from opt_out o where o.contact_id = c.id
        and (o.resource_id is null or o.resource_id = ${world.resourceId}::bigint) and (o.channel is null or o.channel = 'email'))
      and not exists (select from pending_unsubscribe p where p.contact_id = c.id and p.state = 'pending')
      and not exists (select from suppression b where b.address_key = a.address_key and b.channel = 'email')
    order by a.address_key, c.created_at, c.id`
}

/** @throws when the floor and the product have not found the same recipients. */
export async function requireSameRows(db: Db, campaignId: Id): Promise<void> {
  const { rows } = await sql<{ different: number }>`
    select count(*)::int as different from ${bareTable(campaignId)} b
    full join ${partition(campaignId)} r using (seq, contact_id)
    where b.address is distinct from r.address`.execute(db)
  if (rows[0]?.different !== 0) throw new Error(`${rows[0]?.different} rows differ`)
}

/** Every round finds the tables as the first one did. */
export async function dropBoth(db: Db, campaignId: Id): Promise<void> {
  await sql`drop table ${bareTable(campaignId)}`.execute(db)
  await sql`alter table recipient detach partition ${partition(campaignId)}`.execute(db)
  await sql`drop table ${partition(campaignId)}`.execute(db)
  await sql`checkpoint`.execute(db)
}
