import { sql } from 'kysely'
import type { EventKind } from '../domain/event-kind.ts'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'

export interface WebhookRow {
  id: Id
  url: string
  description: string | null
  /** Null: every kind but those of recipients. */
  kinds: EventKind[] | null
  /** Key of the one resource whose events it gets; null: of all. */
  resource: string | null
  accessGroup: string | null
  /** It stands for the called URL of its resource, and follows it. */
  isCalledUrl: boolean
  createdAt: Date
  disabledAt: Date | null
  disabledReason: string | null
}

/** What can be chosen of a webhook. */
export interface WebhookSettings {
  url: string
  description: string | null
  kinds: EventKind[] | null
  resourceId: Id | null
  accessGroup: string | null
}

export async function createWebhook(db: Db, settings: WebhookSettings, secret: string): Promise<Id> {
  const { url, description, kinds, resourceId, accessGroup } = settings
  const { id } = await db
    .insertInto('webhook')
    .values({ url, description, kinds, resource_id: resourceId, access_group: accessGroup, secrets: [secret] })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/** Undefined when there is none (any more). */
export async function findWebhook(db: Db, id: Id): Promise<WebhookRow | undefined> {
  return select(db).where('w.id', '=', id).executeTakeFirst()
}

export async function listWebhooks(db: Db): Promise<WebhookRow[]> {
  return select(db).orderBy('w.id').execute()
}

const select = (db: Db) =>
  db
    .selectFrom('webhook as w')
    .leftJoin('resource as r', 'r.id', 'w.resource_id')
    .select([
      'w.id',
      'w.url',
      'w.description',
      'w.kinds',
      'r.key as resource',
      'w.access_group as accessGroup',
      sql<boolean>`w.through is not null`.as('isCalledUrl'),
      'w.created_at as createdAt',
      'w.disabled_at as disabledAt',
      'w.disabled_reason as disabledReason',
    ])

/** What is absent stays. What waits already goes to a new URL too. */
export async function updateWebhook(db: Db, id: Id, changes: Partial<WebhookSettings>): Promise<void> {
  const { resourceId, accessGroup, ...same } = changes
  const set = {
    ...same,
    ...(resourceId !== undefined && { resource_id: resourceId }),
    ...(accessGroup !== undefined && { access_group: accessGroup }),
  }
  if (Object.keys(set).length > 0) await db.updateTable('webhook').set(set).where('id', '=', id).execute()
}

/** Nothing more is posted from the next look of its deliverer on, and nothing new is kept for it. */
export async function disableWebhook(db: Db, id: Id, reason: string): Promise<void> {
  await db
    .updateTable('webhook')
    .set({ disabled_at: sql`now()`, disabled_reason: reason })
    .where('id', '=', id)
    .where('disabled_at', 'is', null)
    .execute()
}

/** What waited when it was disabled goes out now; what happened meanwhile does not, unless it is replayed. */
export async function enableWebhook(db: Db, id: Id): Promise<void> {
  await db
    .updateTable('webhook')
    .set({ disabled_at: null, disabled_reason: null, held_until: null, delivering_at: null })
    .where('id', '=', id)
    .execute()
}

export async function deleteWebhook(db: Db, id: Id): Promise<void> {
  await db.deleteFrom('webhook').where('id', '=', id).execute()
}

/** The secret that was the first becomes the second, and signs too for a day; an older one is no more. */
export async function replaceSecret(db: Db, id: Id, secret: string): Promise<void> {
  await db
    .updateTable('webhook')
    .set({ secrets: sql`array[${secret}::text, secrets[1]]`, rotated_at: sql`now()` })
    .where('id', '=', id)
    .execute()
}

export type WebhookToStart = Pick<WebhookRow, 'id' | 'url' | 'description'>

/** Webhooks of which nobody has said for a while that he delivers. */
export async function webhooksWithoutDeliverer(db: Db, silentForSeconds: number): Promise<WebhookToStart[]> {
  const { rows } = await sql<WebhookToStart>`
    select id, url, description from webhook
    where disabled_at is null
      and (delivering_at is null or delivering_at < now() - make_interval(secs => ${silentForSeconds}))
    order by id`.execute(db)
  return rows
}
