import { sql } from 'kysely'
import type { CustomFieldType } from '../domain/custom-field.ts'
import type { TokenClaims } from '../domain/link-token.ts'
import type { UnsubscribeMode } from '../domain/resource-settings.ts'
import type { Sql } from './audience-facts.ts'
import { byteaArray } from './bytea-array.ts'
import type { Db } from './connect.ts'
import type { Id, SubscriptionStatus } from './schema.ts'

/** A category as its preference page shows it. */
export interface ListedCategory {
  id: Id
  key: string
  title: string
  description: string | null
  isRequired: boolean
  status: SubscriptionStatus | 'not_subscribed'
}

/** A custom field of the subscription. `value` is what stands, else the default; null: neither. */
export interface ListedField {
  key: string
  name: string
  type: CustomFieldType
  isRequired: boolean
  value: string | number | boolean | null
}

/** Whom a link to the preference page concerns: a contact, and the address that the message went to. */
export interface PreferenceScope {
  contactId: Id
  resourceId: Id
  channel: string
  /** Of the address, or when the ledger no longer tells, of all that the contact has on the channel. */
  keys: Buffer[]
}

export interface Preferences extends PreferenceScope {
  resource: string
  /** `#rrggbb`; null: none was chosen. */
  colour: string | null
  /** The contact's, null when unknown. */
  language: string | null
  address: string | null
  /** How one unsubscribes from the resource. With `prohibited` nothing can be changed. */
  mode: UnsubscribeMode
  /** Of `prohibited`, in the resource's own words. */
  prohibitedReason: string | null
  /** The widest opt-out that covers the resource on this channel. */
  optedOut: 'everything' | 'resource' | null
  categories: ListedCategory[]
  /** Empty also when the contact no longer has the address: the values belong to both. */
  fields: ListedField[]
}

/** What the link's preference page shows. @returns undefined when the contact or the campaign is gone. */
export async function preferencesOf(
  db: Db,
  claims: Pick<TokenClaims, 'campaignId' | 'contactId'>,
): Promise<Preferences | undefined> {
  const { rows } = await about(claims).execute(db)
  const [row] = rows
  if (row === undefined) return undefined
  const scope = { ...row, contactId: claims.contactId, keys: row.keys.map((key) => Buffer.from(key, 'hex')) }
  return { ...scope, categories: await listedCategories(db, scope), fields: await listedFields(db, scope) }
}

type About = Omit<Preferences, 'contactId' | 'keys' | 'categories' | 'fields'> & { keys: string[] }

const about = ({ campaignId, contactId }: Pick<TokenClaims, 'campaignId' | 'contactId'>) => sql<About>`
  select campaign.channel, resource.id as "resourceId", resource.name as resource, resource.colour, contact.language,
    resource.unsubscribe_mode as mode, resource.prohibited_reason as "prohibitedReason", sent.address, array(select encode(key, 'hex') from unnest(sent.address_keys) as key) as keys,
    (select case when opt_out.resource_id is null then 'everything' else 'resource' end from opt_out
      where opt_out.contact_id = contact.id and (opt_out.resource_id is null or opt_out.resource_id = resource.id)
        and (opt_out.channel is null or opt_out.channel = campaign.channel)
      order by opt_out.resource_id nulls first limit 1) as "optedOut"
  from campaign
  join resource on resource.id = campaign.resource_id
  join contact on contact.id = ${contactId}::bigint
  cross join sent_message(campaign.id, contact.id) as sent
  where campaign.id = ${campaignId}::bigint`

async function listedCategories(
  db: Db,
  { contactId, resourceId, channel }: PreferenceScope,
): Promise<ListedCategory[]> {
  const { rows } = await sql<ListedCategory>`
    select category.id, category.key, category.title, category.description, category.is_required as "isRequired",
      consent.status
    from category cross join lateral consent_of(${contactId}::bigint, category.id, ${channel}) as consent
    where category.resource_id = ${resourceId}::bigint and category.is_listed and not category.is_internal
      and category.archived_at is null and category.deleted_at is null and ${appliesTo(channel)}
    order by category.title, category.id`.execute(db)
  return rows
}

/** Whether a category is about this channel. */
export const appliesTo = (channel: string): Sql =>
  sql`(category.channels is null or ${channel} = any(category.channels))`

async function listedFields(db: Db, { contactId, resourceId, channel, keys }: PreferenceScope): Promise<ListedField[]> {
  const { rows } = await sql<ListedField>`
    select field.key, field.name, field.type, field.is_required as "isRequired",
      coalesce(nullif(held.fields -> field.key, 'null'), nullif(field.default_value, 'null')) as value
    from custom_field as field
    cross join lateral (
      select kept.fields from contact_address as address
      left join resource_address as kept on kept.resource_id = field.resource_id
        and kept.contact_id = address.contact_id and kept.channel = address.channel and kept.value = address.value
      where address.contact_id = ${contactId}::bigint and address.channel = ${channel}
        and address.address_key = any(${byteaArray(keys)})
      order by address.priority desc, address.value limit 1) as held
    where field.resource_id = ${resourceId}::bigint and field.channel = ${channel} and field.is_listed
    order by field.id`.execute(db)
  return rows
}
