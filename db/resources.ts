import { type SelectQueryBuilder, sql } from 'kysely'
import { Refusal } from '../domain/refusal.ts'
import type { ChannelSettings } from '../domain/resource-channels.ts'
import type { ParsedResource, ResourceSettings } from '../domain/resource-settings.ts'
import type { Db } from './connect.ts'
import { jsonb, jsonbOrNull } from './jsonb.ts'
import type { RowLock } from './row-lock.ts'
import type { Id, Schema } from './schema.ts'
import { type AccessGroup, isVisible } from './visible.ts'

/** Creates a resource; a key that is taken is that resource, unchanged. @throws {Refusal} when that one is deleted. */
export const createResource = (db: Db, resource: ParsedResource): Promise<{ id: Id; created: boolean }> =>
  db.transaction().execute((db) => insertResource(db, resource))

/** The same in a transaction that has begun. */
export async function insertResource(db: Db, resource: ParsedResource): Promise<{ id: Id; created: boolean }> {
  const inserted = await db
    .insertInto('resource')
    .values({ key: resource.key, ...columnsOf(resource) })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (inserted === undefined) return { id: await requireResource(db, resource.key, 'key'), created: false }
  await replaceChannels(db, inserted.id, resource.channels)
  return { id: inserted.id, created: true }
}

/** What can be changed of a resource, as columns. */
export const columnsOf = (resource: ParsedResource) => ({
  name: resource.name,
  description: resource.description,
  access_group: resource.accessGroup,
  site_urls: resource.siteUrls,
  contact_sources: resource.contactSources,
  tracking_domain: resource.trackingDomain,
  from_name: resource.fromName,
  from_address: resource.fromAddress,
  reply_to_name: resource.replyToName,
  reply_to: resource.replyTo,
  list_label: resource.listLabel,
  list_id: resource.listId,
  dkim_domain: resource.dkim?.domain ?? null,
  dkim_selector: resource.dkim?.selector ?? null,
  dkim_private_key: resource.dkim?.privateKey ?? null,
  list_unsubscribe: resource.listUnsubscribe,
  called_url: resource.calledUrl,
  unsubscribe_mode: resource.unsubscribeMode,
  unsubscribe_timer_seconds: resource.unsubscribeTimerSeconds,
  unsubscribe_page_url: resource.unsubscribePageUrl,
  prohibited_reason: resource.prohibitedReason,
  frequency_policy: jsonbOrNull(resource.frequencyPolicy),
  raises_new_addresses: resource.raisesNewAddresses,
  colour: resource.colour,
})

/** Makes the channels of a resource those given. One that stays keeps the time when it was added. */
export async function replaceChannels(
  db: Db,
  resourceId: Id,
  channels: Record<string, ChannelSettings>,
): Promise<void> {
  const given = sql`select key as channel, value as settings from jsonb_each(${jsonb(channels)})`
  await sql`
    delete from resource_channel
    where resource_id = ${resourceId} and channel not in (select channel from (${given}) as given)`.execute(db)
  await sql`
    insert into resource_channel (resource_id, channel, settings) select ${resourceId}, * from (${given}) as given
    on conflict (resource_id, channel) do update set settings = excluded.settings`.execute(db)
}

/** Those in use, by key; with `includeDeleted` the others too. */
export async function listResources(db: Db, options: { includeDeleted?: boolean } = {}): Promise<ResourceSettings[]> {
  const all = settings(db).orderBy('key')
  return (options.includeDeleted ? all : all.where('deleted_at', 'is', null)).execute()
}

/** Those in use that a group sees, by id. */
export const pageOfResources = (
  db: Db,
  page: { group: AccessGroup; after: Id; limit: number },
): Promise<ResourceSettings[]> =>
  settings(db)
    .where('deleted_at', 'is', null)
    .where(isVisible(page.group))
    .where('id', '>', page.after)
    .orderBy('id')
    .limit(page.limit)
    .execute()

/** @returns undefined when there is none. A deleted one is found. */
export async function resourceById(db: Db, id: Id): Promise<ResourceSettings | undefined> {
  return settings(db).where('id', '=', id).executeTakeFirst()
}

/** A resource by its key, also a deleted one. @throws {Refusal} when there is none. */
export async function resourceByKey(db: Db, key: string): Promise<ResourceSettings> {
  return (await settings(db).where('key', '=', key).executeTakeFirst()) ?? refuseResource(key, 'resource', false)
}

const settings = (db: Db): SelectQueryBuilder<Schema, 'resource', ResourceSettings> =>
  db.selectFrom('resource').select([
    'id',
    'key',
    'name',
    'description',
    'access_group as accessGroup',
    'site_urls as siteUrls',
    'contact_sources as contactSources',
    'tracking_domain as trackingDomain',
    'from_name as fromName',
    'from_address as fromAddress',
    'reply_to_name as replyToName',
    'reply_to as replyTo',
    'list_label as listLabel',
    'list_id as listId',
    'dkim_domain as dkimDomain',
    'dkim_selector as dkimSelector',
    'list_unsubscribe as listUnsubscribe',
    'called_url as calledUrl',
    'unsubscribe_mode as unsubscribeMode',
    'unsubscribe_timer_seconds as unsubscribeTimerSeconds',
    'unsubscribe_page_url as unsubscribePageUrl',
    'prohibited_reason as prohibitedReason',
    'frequency_policy as frequencyPolicy',
    'raises_new_addresses as raisesNewAddresses',
    'colour',
    sql<Record<string, ChannelSettings>>`(
        select coalesce(jsonb_object_agg(channel, settings), '{}')
        from resource_channel where resource_id = resource.id)`.as('channels'),
    'created_at as createdAt',
    'updated_at as updatedAt',
    'deleted_at as deletedAt',
  ])

/**
 * The id of a resource in use. In a transaction it stays in use until the end: whoever deletes it waits.
 * @throws {Refusal} when there is no such resource, or it was deleted.
 */
export const requireResource = (db: Db, key: string, field = 'resource'): Promise<Id> =>
  holdResource(db, key, 'forKeyShare', field)

/** The same, held as firmly as the change to come needs it: to take more later is how two of them deadlock. */
export async function holdResource(db: Db, key: string, lock: RowLock, field = 'resource'): Promise<Id> {
  const row = db.selectFrom('resource').select(['id', 'deleted_at']).where('key', '=', key)
  const found = await row[lock]().executeTakeFirst()
  if (found?.deleted_at === null) return found.id
  return refuseResource(key, field, found !== undefined)
}

function refuseResource(key: string, field: string, isDeleted: boolean): never {
  throw new Refusal({
    field,
    rule: isDeleted ? `resource ${key} was deleted; its key stays taken` : `there is no resource ${key}`,
    remedy: isDeleted ? 'Use another resource.' : 'Create it first, or correct the key (addressee resources list).',
  })
}

export async function hasChannel(db: Db, resourceId: Id, channel: string): Promise<boolean> {
  const of = db.selectFrom('resource_channel').select('channel').where('resource_id', '=', resourceId)
  return (await of.where('channel', '=', channel).executeTakeFirst()) !== undefined
}

/** What a page URL and other systems know the resource by. Confidential: hand it to nobody who does not ask for it. */
export async function resourceToken(db: Db, id: Id): Promise<string> {
  return (await db.selectFrom('resource').select('token').where('id', '=', id).executeTakeFirstOrThrow()).token
}

/** Keys of other resources in use that have the same List-ID: mail clients would file their mail together. */
export async function sharersOfListId(
  db: Db,
  { key, listId }: { key: string; listId: string },
  group: AccessGroup,
): Promise<string[]> {
  const rows = await db
    .selectFrom('resource')
    .select('key')
    .where('list_id', '=', listId)
    .where('key', '<>', key)
    .where(isVisible(group))
    .where('deleted_at', 'is', null)
    .orderBy('key')
    .limit(3)
    .execute()
  return rows.map((row) => row.key)
}
