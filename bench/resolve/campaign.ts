import { sql } from 'kysely'
import type { Db } from '../../db/connect.ts'
import type { Id } from '../../db/schema.ts'
import type { World } from './world.ts'

/** What a campaign asks for: any of 3 categories, 2 segments, and a third one left out. */
export const asked = ({ categories, segments }: World) => ({
  categories: categories.slice(0, 3),
  included: segments.slice(0, 2),
  excluded: segments.slice(2),
})

/** A campaign whose audience is about to be frozen. */
export async function createCampaign(db: Db, world: World, key: string): Promise<Id> {
  const { categories, included, excluded } = asked(world)
  const { rows } = await sql<{ id: Id }>`
    with message as (insert into message (channel, default_language) values ('email', 'en') returning id),
    campaign as (insert into campaign (key, title, resource_id, message_id, channel, send_at, state)
      select ${key}, ${key}, ${world.resourceId}::bigint, id, 'email', now(), 'resolving' from message returning id),
    linked as (insert into message_category (message_id, category_id)
      select message.id, category from message, unnest(${categories}::bigint[]) category),
    included as (insert into campaign_segment (campaign_id, segment_id, role)
      select campaign.id, segment, 'include' from campaign, unnest(${included}::bigint[]) segment),
    excluded as (insert into campaign_segment (campaign_id, segment_id, role)
      select campaign.id, segment, 'exclude' from campaign, unnest(${excluded}::bigint[]) segment)
    select id from campaign`.execute(db)
  return rows[0]?.id ?? ''
}
