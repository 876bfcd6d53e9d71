import { type CheckedDefinition, refusePastHour } from '../domain/campaign-definition.ts'
import { findReferences, type References } from './campaign-references.ts'
import { type CampaignRow, campaignById } from './campaigns.ts'
import type { Db } from './connect.ts'
import { databaseNow } from './now.ts'
import type { Id } from './schema.ts'

/** The only channel so far. */
export const channel = 'email'

/**
 * Writes a campaign with its message, all or nothing. A key that is taken is that campaign: it is returned as it
 * stands.
 * @throws {Refusal} for a resource, category or segment that does not exist, and for an hour in the past.
 */
export async function scheduleCampaign(
  db: Db,
  definition: CheckedDefinition,
): Promise<{ campaign: CampaignRow; created: boolean }> {
  return db.transaction().execute(async (db) => {
    const existing = await idByKey(db, definition.key)
    if (existing !== undefined) return { campaign: await campaignById(db, existing), created: false }
    const now = await databaseNow(db)
    refusePastHour(definition, now)
    const references = await findReferences(db, definition, channel)
    const messageId = await insertMessage(db, definition, references)
    const sendAt = definition.now ? now : definition.sendAt
    const id = await insertCampaign(db, { ...definition, sendAt }, references, messageId)
    if (id === undefined) return losersView(db, definition.key, messageId)
    await insertTargets(db, id, references)
    return { campaign: await campaignById(db, id), created: true }
  })
}

async function idByKey(db: Db, key: string): Promise<Id | undefined> {
  return (await db.selectFrom('campaign').select('id').where('key', '=', key).executeTakeFirst())?.id
}

/** Somebody scheduled the same key at the same moment and was first: theirs is the campaign. */
async function losersView(db: Db, key: string, messageId: Id): Promise<{ campaign: CampaignRow; created: boolean }> {
  await db.deleteFrom('message').where('id', '=', messageId).execute()
  const id = await idByKey(db, key)
  if (id === undefined) throw new Error(`campaign ${key} vanished while it was scheduled`)
  return { campaign: await campaignById(db, id), created: false }
}

async function insertMessage(db: Db, definition: CheckedDefinition, references: References): Promise<Id> {
  const { match, content, defaultLanguage } = definition
  const { id } = await db
    .insertInto('message')
    .values({ channel, match, default_language: defaultLanguage.toLowerCase() })
    .returning('id')
    .executeTakeFirstOrThrow()
  const contents = Object.entries(content).map(([tag, each]) => ({
    ...each,
    message_id: id,
    language: tag.toLowerCase(),
  }))
  await db.insertInto('message_content').values(contents).execute()
  const categories = references.categories.map((category) => ({ message_id: id, category_id: category.id }))
  if (categories.length > 0) await db.insertInto('message_category').values(categories).execute()
  return id
}

/** @returns undefined when the key was taken meanwhile. */
async function insertCampaign(
  db: Db,
  definition: CheckedDefinition,
  references: References,
  messageId: Id,
): Promise<Id | undefined> {
  const { key, title, sendAt, onUncertain, retryDelaysSeconds } = definition
  const row = await db
    .insertInto('campaign')
    .values({
      key,
      title,
      resource_id: references.resourceId,
      message_id: messageId,
      channel,
      send_at: sendAt,
      on_uncertain: onUncertain,
      retry_delays_seconds: retryDelaysSeconds,
    })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .returning('id')
    .executeTakeFirst()
  return row?.id
}

async function insertTargets(db: Db, campaign_id: Id, references: References): Promise<void> {
  const segments = [
    ...references.segments.map(({ id }) => ({ campaign_id, segment_id: id, role: 'include' as const })),
    ...references.excludeSegments.map(({ id }) => ({ campaign_id, segment_id: id, role: 'exclude' as const })),
  ]
  const categories = [
    ...references.doNotSendTo.map(({ id }) => ({ campaign_id, category_id: id, role: 'do_not_send_to' as const })),
    ...references.respectUnsubscribesOf.map(({ id }) => ({
      campaign_id,
      category_id: id,
      role: 'respect_unsubscribes_of' as const,
    })),
  ]
  if (segments.length > 0) await db.insertInto('campaign_segment').values(segments).execute()
  if (categories.length > 0) await db.insertInto('campaign_category').values(categories).execute()
}
