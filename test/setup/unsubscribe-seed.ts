import { sql } from 'kysely'
import type { Db } from '../../db/connect.ts'
import type { ConsentAct } from '../../db/consent.ts'
import type { Id } from '../../db/schema.ts'
import { createTokens, type TokenClaims } from '../../domain/link-token.ts'
import { addressKey, seedCampaign, seedCategory, seedContact, seedResource } from './seed.ts'

export const secret = 'a secret for tests only'
export const tokens = createTokens([secret])

export interface SentMessage {
  resourceId: Id
  categories: { id: Id; title: string }[]
  contactId: Id
  campaignId: Id
  address: string
  token: string
}

/** A message that was sent to one contact, subscribed to each of its categories. */
export async function seedSent(
  db: Db,
  options: {
    titles?: string[]
    consent?: 'opt_in' | 'opt_out'
    address?: string
    resourceName?: string
    language?: string
  } = {},
): Promise<SentMessage> {
  const resourceId = await seedResource(db)
  if (options.resourceName !== undefined)
    await db.updateTable('resource').set({ name: options.resourceName }).where('id', '=', resourceId).execute()
  const categories = []
  for (const title of options.titles ?? ['News']) {
    const { id } = await seedCategory(db, resourceId, options.consent)
    await db.updateTable('category').set({ title }).where('id', '=', id).execute()
    categories.push({ id, title })
  }
  const subscribed = options.consent === 'opt_out' ? [] : categories
  const contactId = await seedContact(db, {
    ...(options.address === undefined ? {} : { address: options.address }),
    subscriptions: Object.fromEntries(subscribed.map(({ id }) => [id, 'subscribed' as const])),
  })
  if (options.language !== undefined)
    await db.updateTable('contact').set({ language: options.language }).where('id', '=', contactId).execute()
  const address = options.address ?? `contact-${contactId}@example.com`
  const ids = categories.map(({ id }) => id)
  const campaignId = await seedCampaign(db, { resourceId, categories: ids, state: 'sending' })
  await seedLedger(db, campaignId, contactId, address, ids)
  const token = tokens.sign({ campaignId, contactId, scope: 'unsubscribe' })
  return { resourceId, categories, contactId, campaignId, address, token }
}

/** The partition of a campaign with one recipient in it. */
export async function seedLedger(
  db: Db,
  campaignId: Id,
  contactId: Id,
  address: string,
  categoryIds: Id[],
): Promise<void> {
  await sql.raw(`create table recipient_${campaignId} partition of recipient for values in (${campaignId})`).execute(db)
  await db
    .insertInto('recipient')
    .values({
      campaign_id: campaignId,
      seq: 1,
      contact_id: contactId,
      address,
      address_key: addressKey(address),
      category_ids: categoryIds,
      state: 'sent',
    })
    .execute()
}

/** What the token of this message says. */
export const claimsOf = ({ campaignId, contactId }: SentMessage): TokenClaims => ({
  campaignId,
  contactId,
  scope: 'unsubscribe',
})

export const act: Omit<ConsentAct, 'campaignId'> = {
  through: 'one_click',
  actor: null,
  legalBasis: null,
  explanation: null,
  wording: null,
  ip: '192.0.2.7',
  userAgent: 'Mail/1',
}

/** What retention does to an old campaign. */
export const dropLedger = (db: Db, campaignId: Id) => sql.raw(`drop table recipient_${campaignId}`).execute(db)

/** A contact's status in a category; null where no row is. */
export async function statusOf(db: Db, contactId: Id, categoryId: Id | undefined): Promise<string | null> {
  const row = await db
    .selectFrom('subscription')
    .select('status')
    .where('contact_id', '=', contactId)
    .where('category_id', '=', categoryId ?? '0')
    .executeTakeFirst()
  return row?.status ?? null
}

/** What the address refuses, whoever holds it. */
export const refusalsOf = (db: Db, address: string) =>
  db
    .selectFrom('address_refusal')
    .select(['channel', 'category_id', 'resource_id'])
    .where('address_key', '=', addressKey(address))
    .orderBy('category_id')
    .execute()

/** The consent events that one campaign's links caused, oldest first. */
export const eventsOf = (db: Db, campaignId: Id) =>
  db
    .selectFrom('consent_event')
    .select(['contact_id', 'category_id', 'resource_id', 'action', 'through', 'wording', 'user_agent', 'channel'])
    .select(sql<string | null>`host(ip)`.as('ip'))
    .select('address_key')
    .where('campaign_id', '=', campaignId)
    .orderBy('id')
    .execute()
