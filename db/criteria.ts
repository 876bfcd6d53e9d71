import { sql } from 'kysely'
import type { Match } from '../domain/audience-rule.ts'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'

/** Categories split by what a missing row means: nothing, or (consent `opt_out`) subscribed. */
export interface CategorySet {
  ids: Id[]
  /** Those of `ids` whose consent is `opt_out`. */
  optOutIds: Id[]
}

/** Contacts named by static segments, and by the protected segments of categories. */
export interface SegmentSet {
  staticIds: Id[]
  categories: CategorySet
}

/**
 * What the audience rule needs of a campaign, as ids: they enter the statements as constant arrays, so that the
 * planner sees how many there are and reads the indexes that lead with them.
 */
export interface Criteria {
  resourceId: Id
  channel: string
  match: Match
  categories: CategorySet
  include: SegmentSet
  exclude: SegmentSet
  doNotSendTo: CategorySet
  respectUnsubscribesOf: Id[]
  traits: ResourceTraits
}

/** What the statements leave out for a resource that does not have it. */
export interface ResourceTraits {
  /** It knows addresses of contacts, which may have priorities there. */
  knowsAddresses: boolean
  /** Its subscriptions on the channel have custom fields. */
  hasFields: boolean
}

export const isEmptySet = (set: SegmentSet): boolean => set.staticIds.length === 0 && set.categories.ids.length === 0

/** Reads the criteria of a scheduled campaign. */
export async function criteriaOf(db: Db, campaignId: Id): Promise<Criteria> {
  const { rows } = await sql<Criteria>`
    select c.resource_id as "resourceId", c.channel, m.match,
      (${categorySet(sql`select category_id from message_category where message_id = c.message_id`)}) as categories,
      ${segmentSet(sql`'include'`)} as include,
      ${segmentSet(sql`'exclude'`)} as exclude,
      (${categorySet(sql`select category_id from campaign_category
          where campaign_id = c.id and role = 'do_not_send_to'`)}) as "doNotSendTo",
      array(select category_id::text from campaign_category
          where campaign_id = c.id and role = 'respect_unsubscribes_of') as "respectUnsubscribesOf",
      (${traits(sql`c.resource_id`, sql`c.channel`)}) as traits
    from campaign c join message m on m.id = c.message_id
    where c.id = ${campaignId}`.execute(db)
  const [criteria] = rows
  if (criteria === undefined) throw new Error(`campaign ${campaignId} does not exist`)
  return criteria
}

/** The traits of a resource, for a campaign that is not stored. */
export async function traitsOf(db: Db, resourceId: Id, channel: string): Promise<ResourceTraits> {
  const { rows } = await sql<{ traits: ResourceTraits }>`
    select (${traits(sql`${resourceId}::bigint`, sql`${channel}`)}) as traits`.execute(db)
  if (rows[0] === undefined) throw new Error('a select without a table answers with one row')
  return rows[0].traits
}

type Fragment = ReturnType<typeof sql>

// Ids leave as text: a bigint inside JSON would be rounded by JSON.parse.
const categorySet = (ids: Fragment): Fragment => sql`
  select jsonb_build_object(
    'ids', coalesce(jsonb_agg(id::text order by id), '[]'),
    'optOutIds', coalesce(jsonb_agg(id::text order by id) filter (where consent = 'opt_out'), '[]'))
  from category where id in (${ids})`

const traits = (resourceId: Fragment, channel: Fragment): Fragment => sql`
  select jsonb_build_object(
    'knowsAddresses', exists (select from resource_address where resource_id = ${resourceId}),
    'hasFields', exists (select from custom_field where resource_id = ${resourceId} and channel = ${channel}))`

const segmentSet = (role: Fragment): Fragment => sql`
  jsonb_build_object(
    'staticIds', (select coalesce(jsonb_agg(s.id::text order by s.id), '[]') from campaign_segment cs
        join segment s on s.id = cs.segment_id where cs.campaign_id = c.id and cs.role = ${role} and s.kind = 'static'),
    'categories', (${categorySet(sql`select s.category_id from campaign_segment cs
        join segment s on s.id = cs.segment_id where cs.campaign_id = c.id and cs.role = ${role} and s.kind = 'category'`)}))`
