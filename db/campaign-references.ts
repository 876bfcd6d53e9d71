import { sql } from 'kysely'
import type { CheckedDefinition } from '../domain/campaign-definition.ts'
import { Refusal } from '../domain/refusal.ts'
import type { Db } from './connect.ts'
import type { CategorySet, Criteria, SegmentSet } from './criteria.ts'
import { requireResource } from './resources.ts'
import type { Id } from './schema.ts'

interface CategoryRef {
  key: string
  id: Id
  consent: 'opt_in' | 'opt_out'
}
interface SegmentRef {
  key: string
  id: Id
  categoryId: Id | null
  consent: 'opt_in' | 'opt_out' | null
}

/** Everything that a definition names by key, as rows. */
export interface References {
  resourceId: Id
  categories: CategoryRef[]
  doNotSendTo: CategoryRef[]
  respectUnsubscribesOf: CategoryRef[]
  segments: SegmentRef[]
  excludeSegments: SegmentRef[]
}

/** @throws {Refusal} naming the first key that does not exist, or does not fit. */
export async function findReferences(db: Db, definition: CheckedDefinition, channel: string): Promise<References> {
  const resourceId = await requireResource(db, definition.resource)
  const ownCategories = { resourceId, channel }
  return {
    resourceId,
    categories: await findCategories(db, 'categories', definition.categories, ownCategories),
    doNotSendTo: await findCategories(db, 'doNotSendTo', definition.doNotSendTo),
    respectUnsubscribesOf: await findCategories(db, 'respectUnsubscribesOf', definition.respectUnsubscribesOf),
    segments: await findSegments(db, 'segments', definition.segments),
    excludeSegments: await findSegments(db, 'excludeSegments', definition.excludeSegments),
  }
}

/** The criteria of a campaign that is not stored: for a preview. */
export const criteriaFrom = (references: References, definition: CheckedDefinition, channel: string): Criteria => ({
  resourceId: references.resourceId,
  channel,
  match: definition.match,
  categories: categorySet(references.categories),
  include: segmentSet(references.segments),
  exclude: segmentSet(references.excludeSegments),
  doNotSendTo: categorySet(references.doNotSendTo),
  respectUnsubscribesOf: references.respectUnsubscribesOf.map((each) => each.id),
})

const categorySet = (refs: { id: Id; consent: 'opt_in' | 'opt_out' }[]): CategorySet => ({
  ids: refs.map((each) => each.id),
  optOutIds: refs.filter((each) => each.consent === 'opt_out').map((each) => each.id),
})

const segmentSet = (refs: SegmentRef[]): SegmentSet => ({
  staticIds: refs.filter((each) => each.categoryId === null).map((each) => each.id),
  categories: categorySet(
    refs.flatMap(({ categoryId, consent }) =>
      categoryId === null || consent === null ? [] : [{ id: categoryId, consent }],
    ),
  ),
})

/** @param own when given, the categories must be this resource's, in use, and apply to the channel. */
async function findCategories(
  db: Db,
  field: string,
  keys: string[],
  own?: { resourceId: Id; channel: string },
): Promise<CategoryRef[]> {
  const found = await db
    .selectFrom('category')
    .select(['key', 'id', 'consent', 'resource_id', 'channels', 'archived_at'])
    .where(sql<boolean>`key = any(${keys}::text[])`)
    .orderBy('id')
    .execute()
  refuseMissing(field, 'category', keys, found)
  for (const category of found) {
    if (own === undefined) continue
    const unfit = (rule: string) =>
      new Refusal({ field, rule: `category ${category.key} ${rule}`, remedy: 'Choose another category.' })
    if (category.resource_id !== own.resourceId) throw unfit("belongs to another resource than the campaign's")
    if (category.archived_at !== null) throw unfit('is archived')
    if (category.channels?.includes(own.channel) === false) throw unfit(`does not apply to ${own.channel}`)
  }
  return found
}

async function findSegments(db: Db, field: string, keys: string[]): Promise<SegmentRef[]> {
  const found = await db
    .selectFrom('segment as s')
    .leftJoin('category as c', 'c.id', 's.category_id')
    .select(['s.key', 's.id', 's.category_id as categoryId', 'c.consent'])
    .where(sql<boolean>`s.key = any(${keys}::text[])`)
    .orderBy('s.id')
    .execute()
  refuseMissing(field, 'segment', keys, found)
  return found
}

function refuseMissing(field: string, what: 'category' | 'segment', keys: string[], found: { key: string }[]): void {
  const missing = keys.find((key) => !found.some((each) => each.key === key))
  if (missing === undefined) return
  throw new Refusal({
    field,
    rule: `there is no ${what} ${missing}`,
    remedy:
      what === 'category' ? 'Create it first, or correct the key (addressee categories list).' : 'Correct the key.',
  })
}
