import { sql } from 'kysely'
import { type CustomField, type FieldPatch, type ParsedField, patchedField } from '../domain/custom-field.ts'
import { Refusal } from '../domain/refusal.ts'
import type { Db } from './connect.ts'
import { jsonbOrNull } from './jsonb.ts'
import { hasChannel, requireResource } from './resources.ts'
import type { Id } from './schema.ts'

/** Defines a field; one that stands with the same type is that field, unchanged. @throws {Refusal} for another type. */
export async function defineField(db: Db, resource: string, field: ParsedField): Promise<{ id: Id; created: boolean }> {
  return db.transaction().execute(async (db) => {
    const resourceId = await requireResource(db, resource)
    await refuseWithoutChannel(db, resourceId, field.channel)
    const inserted = await insertField(db, resourceId, field)
    if (inserted !== undefined) return { id: inserted, created: true }
    const stands = await requireField(db, resourceId, field)
    if (stands.type === field.type) return { id: stands.id, created: false }
    throw new Refusal({
      field: 'type',
      rule: `${field.key} is of the type ${stands.type} already, and a type is immutable`,
      remedy: 'Define a field of another name.',
    })
  })
}

async function refuseWithoutChannel(db: Db, resourceId: Id, channel: string): Promise<void> {
  if (await hasChannel(db, resourceId, channel)) return
  throw new Refusal({
    field: 'channel',
    rule: `the resource does not have the channel ${channel}`,
    remedy: 'Add the channel to it first.',
  })
}

async function insertField(db: Db, resourceId: Id, field: ParsedField): Promise<Id | undefined> {
  const { channel, key, type } = field
  const row = await db
    .insertInto('custom_field')
    .values({ resource_id: resourceId, channel, key, type, ...columnsOf(field) })
    .onConflict((conflict) => conflict.columns(['resource_id', 'channel', 'key']).doNothing())
    .returning('id')
    .executeTakeFirst()
  return row?.id
}

const columnsOf = (field: ParsedField) => ({
  name: field.name,
  default_value: jsonbOrNull(field.defaultValue),
  is_required: field.isRequired,
  is_listed: field.isListed,
})

/** What names a field. */
export interface FieldName {
  channel: string
  key: string
}

/** Applies a patch. Values that stand are left alone. @throws {Refusal} for what would not hold afterwards. */
export async function updateField(db: Db, resource: string, name: FieldName, patch: FieldPatch): Promise<CustomField> {
  return db.transaction().execute(async (db) => {
    const resourceId = await requireResource(db, resource)
    const stands = await requireField(db, resourceId, name, 'forUpdate')
    const patched = patchedField(stands, patch)
    await db.updateTable('custom_field').set(columnsOf(patched)).where('id', '=', stands.id).execute()
    return requireField(db, resourceId, name)
  })
}

/** Removes a field and its values: a later field of that name must not find values of another meaning. */
export async function deleteField(db: Db, resource: string, name: FieldName): Promise<void> {
  await db.transaction().execute(async (db) => {
    const resourceId = await requireResource(db, resource)
    const { id } = await requireField(db, resourceId, name, 'forUpdate')
    await db.deleteFrom('custom_field').where('id', '=', id).execute()
    await sql`
      update resource_address set fields = fields - ${name.key}
      where resource_id = ${resourceId} and channel = ${name.channel} and fields ? ${name.key}`.execute(db)
  })
}

/** The custom fields of a resource, in the order in which they were defined; of one channel when it is named. */
export async function fieldsOf(db: Db, resourceId: Id, channel?: string): Promise<CustomField[]> {
  const all = fields(db).where('resource_id', '=', resourceId).orderBy('id')
  return (channel === undefined ? all : all.where('channel', '=', channel)).execute()
}

/** Those of one channel, none of which can be deleted until the end of the transaction. */
export const holdFields = (db: Db, resourceId: Id, channel: string): Promise<CustomField[]> =>
  fields(db).where('resource_id', '=', resourceId).where('channel', '=', channel).orderBy('id').forKeyShare().execute()

/** Gives a resource that is new the fields of another. */
export async function copyFields(db: Db, from: Id, to: Id): Promise<void> {
  for (const field of await fieldsOf(db, from)) await insertField(db, to, field)
}

async function requireField(
  db: Db,
  resourceId: Id,
  { channel, key }: FieldName,
  lock: 'forShare' | 'forUpdate' = 'forShare',
): Promise<CustomField> {
  const named = fields(db).where('resource_id', '=', resourceId).where('channel', '=', channel).where('key', '=', key)
  const found = await named[lock]().executeTakeFirst()
  if (found !== undefined) return found
  throw new Refusal({
    field: 'field',
    rule: `there is no custom field ${key} of the channel ${channel}`,
    remedy: 'Correct the name (addressee fields list).',
  })
}

const fields = (db: Db) =>
  db
    .selectFrom('custom_field')
    .select([
      'id',
      'channel',
      'key',
      'name',
      'type',
      'default_value as defaultValue',
      'is_required as isRequired',
      'is_listed as isListed',
      'created_at as createdAt',
    ])
