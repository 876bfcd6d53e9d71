import { sql } from 'kysely'
import type { TokenClaims } from '../domain/unsubscribe-token.ts'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'

/** What one unsubscribe link is about. */
export interface UnsubscribeScope {
  campaignId: Id
  contactId: Id
  channel: string
  /** The contact's, null when unknown or when the contact was erased. */
  language: string | null
  resource: { id: Id; name: string }
  /** The categories that made this recipient eligible. Empty: the message had none, everything of the resource is meant. */
  categories: { id: Id; title: string }[]
  /** Where the message went. Several only when the ledger no longer tells which: then all the contact has. */
  addresses: { value: string; key: Buffer }[]
}

/**
 * Finds what a link is about, from the ledger or, when its partition was dropped, from what is known of contact
 * and message.
 * @returns null when neither the message nor an address that it could have gone to is known any more.
 */
export async function findUnsubscribeScope(db: Db, claims: TokenClaims): Promise<UnsubscribeScope | null> {
  const message = await findMessage(db, claims)
  if (message === undefined) return null
  const { channel, language, address, address_key } = message
  const addresses =
    address === null || address_key === null
      ? await addressesOf(db, claims.contactId, channel)
      : [{ value: address, key: address_key }]
  if (addresses.length === 0 && !message.contact_exists) return null
  return {
    campaignId: claims.campaignId,
    contactId: claims.contactId,
    channel,
    language,
    resource: { id: message.resource_id, name: message.resource_name },
    categories: await categoriesOf(db, message.category_ids),
    addresses,
  }
}

interface MessageRow {
  channel: string
  resource_id: Id
  resource_name: string
  contact_exists: boolean
  language: string | null
  category_ids: Id[]
  address: string | null
  address_key: Buffer | null
}

async function findMessage(db: Db, { campaignId, contactId }: TokenClaims): Promise<MessageRow | undefined> {
  const { rows } = await sql<MessageRow>`
    select campaign.channel, resource.id as resource_id, resource.name as resource_name,
           contact.id is not null as contact_exists, contact.language,
           coalesce(recipient.category_ids, array(
             select category_id from message_category where message_id = campaign.message_id)) as category_ids,
           recipient.address, recipient.address_key
    from campaign
    join resource on resource.id = campaign.resource_id
    left join contact on contact.id = ${contactId}
    left join recipient on recipient.campaign_id = ${campaignId} and recipient.contact_id = ${contactId}
    where campaign.id = ${campaignId}
    order by recipient.seq
    limit 1`.execute(db)
  return rows[0]
}

const addressesOf = (db: Db, contactId: Id, channel: string): Promise<UnsubscribeScope['addresses']> =>
  db
    .selectFrom('contact_address')
    .select(['value', 'address_key as key'])
    .where('contact_id', '=', contactId)
    .where('channel', '=', channel)
    .orderBy('priority', 'desc')
    .orderBy('value')
    .execute()

const categoriesOf = (db: Db, ids: Id[]): Promise<UnsubscribeScope['categories']> =>
  db
    .selectFrom('category')
    .select(['id', 'title'])
    .where(sql<boolean>`id = any(${ids}::bigint[])`)
    .orderBy('title')
    .execute()
