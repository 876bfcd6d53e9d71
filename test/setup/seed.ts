import { sql } from 'kysely'
import type { Db } from '../../db/connect.ts'
import type { Id, SubscriptionStatus } from '../../db/schema.ts'
import { addressKeys } from '../../domain/address-key.ts'
import type { Match, SuppressionKind } from '../../domain/audience-rule.ts'
import type { OnUncertain } from '../../domain/campaign-state.ts'

const keyOf = addressKeys(Buffer.from('test'))
export const addressKey = (address: string): Buffer => keyOf('email', address.toLowerCase())

let number = 0
const next = (): number => {
  number += 1
  return number
}

export async function seedResource(db: Db, key = `resource-${next()}`): Promise<Id> {
  const { id } = await db
    .insertInto('resource')
    .values({
      key,
      name: 'Acme',
      from_name: 'Acme',
      from_address: 'news@acme.example',
      list_label: 'Acme',
      list_id: 'news.acme.example',
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await db.insertInto('resource_channel').values({ resource_id: id, channel: 'email' }).execute()
  return id
}

/** A category with its protected segment. */
export async function seedCategory(
  db: Db,
  resourceId: Id,
  consent: 'opt_in' | 'opt_out' = 'opt_in',
): Promise<{ id: Id; key: string; segmentId: Id }> {
  const key = `category-${next()}`
  const { id } = await db
    .insertInto('category')
    .values({ key, title: key, resource_id: resourceId, consent })
    .returning('id')
    .executeTakeFirstOrThrow()
  const segment = await db
    .insertInto('segment')
    .values({ key, title: key, kind: 'category', category_id: id })
    .returning('id')
    .executeTakeFirstOrThrow()
  return { id, key, segmentId: segment.id }
}

export async function seedSegment(db: Db, contactIds: Id[]): Promise<Id> {
  const key = `segment-${next()}`
  const { id } = await db
    .insertInto('segment')
    .values({ key, title: key, kind: 'static' })
    .returning('id')
    .executeTakeFirstOrThrow()
  for (const contactId of contactIds)
    await db.insertInto('segment_member').values({ segment_id: id, contact_id: contactId }).execute()
  return id
}

export async function seedContact(
  db: Db,
  contact: {
    address?: string | null
    deleted?: boolean
    firstName?: string
    subscriptions?: Record<Id, SubscriptionStatus>
  } = {},
): Promise<Id> {
  const { id } = await db
    .insertInto('contact')
    .values({ first_name: contact.firstName ?? 'Ada', deleted_at: contact.deleted ? new Date() : null })
    .returning('id')
    .executeTakeFirstOrThrow()
  const address = contact.address === undefined ? `contact-${id}@example.com` : contact.address
  if (address !== null)
    await db
      .insertInto('contact_address')
      .values({ contact_id: id, channel: 'email', value: address, address_key: addressKey(address) })
      .execute()
  for (const [categoryId, status] of Object.entries(contact.subscriptions ?? {}))
    await db
      .insertInto('subscription')
      .values({ category_id: categoryId, contact_id: id, status, source: 'test' })
      .execute()
  return id
}

export async function suppress(db: Db, address: string, kind: SuppressionKind): Promise<void> {
  await db
    .insertInto('suppression')
    .values({ address_key: addressKey(address), channel: 'email', kind })
    .execute()
}

export interface CampaignSeed {
  resourceId: Id
  categories?: Id[]
  match?: Match
  segments?: Id[]
  excludeSegments?: Id[]
  doNotSendTo?: Id[]
  respectUnsubscribesOf?: Id[]
  state?: 'scheduled' | 'resolving' | 'sending'
  onUncertain?: OnUncertain
  retryDelaysSeconds?: number[]
}

/** A campaign with a short English message, ready to be resolved. */
export async function seedCampaign(db: Db, seed: CampaignSeed): Promise<Id> {
  const message = await db
    .insertInto('message')
    .values({ channel: 'email', match: seed.match ?? 'any', default_language: 'en' })
    .returning('id')
    .executeTakeFirstOrThrow()
  await db
    .insertInto('message_content')
    .values({
      message_id: message.id,
      language: 'en',
      subject: 'Hello',
      html: null,
      text: 'Hello {{ contact.first_name }}',
    })
    .execute()
  const { id } = await db
    .insertInto('campaign')
    .values({
      key: `campaign-${next()}`,
      title: 'Test',
      resource_id: seed.resourceId,
      message_id: message.id,
      channel: 'email',
      state: seed.state ?? 'resolving',
      send_at: new Date(),
      on_uncertain: seed.onUncertain ?? 'hold',
      ...(seed.retryDelaysSeconds ? { retry_delays_seconds: seed.retryDelaysSeconds } : {}),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await link(db, seed, id, message.id)
  return id
}

async function link(db: Db, seed: CampaignSeed, campaignId: Id, messageId: Id): Promise<void> {
  for (const id of seed.categories ?? [])
    await db.insertInto('message_category').values({ message_id: messageId, category_id: id }).execute()
  const segments = [
    ...(seed.segments ?? []).map((id) => ({ segment_id: id, role: 'include' as const })),
    ...(seed.excludeSegments ?? []).map((id) => ({ segment_id: id, role: 'exclude' as const })),
  ]
  for (const segment of segments)
    await db
      .insertInto('campaign_segment')
      .values({ campaign_id: campaignId, ...segment })
      .execute()
  const categories = [
    ...(seed.doNotSendTo ?? []).map((id) => ({ category_id: id, role: 'do_not_send_to' as const })),
    ...(seed.respectUnsubscribesOf ?? []).map((id) => ({ category_id: id, role: 'respect_unsubscribes_of' as const })),
  ]
  for (const category of categories)
    await db
      .insertInto('campaign_category')
      .values({ campaign_id: campaignId, ...category })
      .execute()
}

export const query = async <T>(db: Db, text: string): Promise<T[]> => (await sql.raw<T>(text).execute(db)).rows
