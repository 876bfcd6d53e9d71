import { sql } from 'kysely'
import { type CheckedDefinition, subscriptionFieldsIn } from '../domain/campaign-definition.ts'
import { Refusal } from '../domain/refusal.ts'
import type { Db } from './connect.ts'
import { type CategorySet, type Criteria, type ResourceTraits, type SegmentSet, traitsOf } from './criteria.ts'
import { fieldsOf } from './custom-fields.ts'
import { hasChannel, requireResource } from './resources.ts'
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
  traits: ResourceTraits
  categories: CategoryRef[]
  doNotSendTo: CategoryRef[]
  respectUnsubscribesOf: CategoryRef[]
  segments: SegmentRef[]
  excludeSegments: SegmentRef[]
}

/** @throws {Refusal} naming the first key that does not exist, or does not fit. */
export async function findReferences(db: Db, definition: CheckedDefinition, channel: string): Promise<References> {
  const resourceId = await requireResource(db, definition.resource)
  await refuseWithoutChannel(db, resourceId, definition.resource, channel)
  await refuseUnknownFields(db, resourceId, definition, channel)
  await holdCategories(db, definition)
  const ownCategories = { resourceId, channel }
  return {
    resourceId,
    traits: await traitsOf(db, resourceId, channel),
    categories: await findCategories(db, 'categories', definition.categories, ownCategories),
    doNotSendTo: await findCategories(db, 'doNotSendTo', definition.doNotSendTo),
    respectUnsubscribesOf: await findCategories(db, 'respectUnsubscribesOf', definition.respectUnsubscribesOf),
    segments: await findSegments(db, 'segments', definition.segments),
    excludeSegments: await findSegments(db, 'excludeSegments', definition.excludeSegments),
  }
}

async function refuseWithoutChannel(db: Db, resourceId: Id, key: string, channel: string): Promise<void> {
  if (await hasChannel(db, resourceId, channel)) return
  throw new Refusal({
    field: 'resource',
    rule: `resource ${key} does not have the channel ${channel}`,
    remedy: 'Add the channel to it, or choose another resource.',
  })
}

async function refuseUnknownFields(
  db: Db,
  resourceId: Id,
  { content }: CheckedDefinition,
  channel: string,
): Promise<void> {
  const used = subscriptionFieldsIn(content)
  if (used.length === 0) return
  const known = (await fieldsOf(db, resourceId, channel)).map((field) => field.key)
  const unknown = used.find(({ name }) => !known.includes(name))
  if (unknown === undefined) return
  throw new Refusal({
    field: unknown.field,
    rule: `the template uses subscription.${unknown.name}, which is no custom field of the resource`,
    remedy: known.length === 0 ? 'Define it first (addressee fields define).' : `Known are ${known.join(', ')}.`,
  })
}

/**
 * In a transaction nobody can delete them until the end. Who deletes one at this moment is waited for, before it is
 * looked at: a category's own segment has its key.
 */
async function holdCategories(db: Db, definition: CheckedDefinition): Promise<void> {
  const { categories, doNotSendTo, respectUnsubscribesOf, segments, excludeSegments } = definition
  const keys = [...categories, ...doNotSendTo, ...respectUnsubscribesOf, ...segments, ...excludeSegments]
  await sql`select id from category where key = any(${keys}::text[]) order by id for key share`.execute(db)
}

/** The criteria of a campaign that is not stored: for a preview. */
export const criteriaFrom = (references: References, definition: CheckedDefinition, channel: string): Criteria => ({
  resourceId: references.resourceId,
  traits: references.traits,
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
    .where('deleted_at', 'is', null)
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

/** Who is in the segment of an archived category can be left out, but not written to. */
async function findSegments(db: Db, field: 'segments' | 'excludeSegments', keys: string[]): Promise<SegmentRef[]> {
  const found = await db
    .selectFrom('segment as s')
    .leftJoin('category as c', 'c.id', 's.category_id')
    .select(['s.key', 's.id', 's.category_id as categoryId', 'c.consent', 'c.archived_at'])
    .where(sql<boolean>`s.key = any(${keys}::text[])`)
    .where('c.deleted_at', 'is', null)
    .orderBy('s.id')
    .execute()
  refuseMissing(field, 'segment', keys, found)
  const archived = field === 'segments' ? found.find((each) => each.archived_at !== null) : undefined
  if (archived === undefined) return found
  throw new Refusal({
    field,
    rule: `segment ${archived.key} is that of an archived category`,
    remedy: 'Choose another segment.',
  })
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
