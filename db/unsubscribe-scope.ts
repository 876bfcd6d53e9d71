import { sql } from 'kysely'
import type { TokenClaims } from '../domain/unsubscribe-token.ts'
import type { Sql } from './audience-facts.ts'
import type { Id } from './schema.ts'

/** What one unsubscribe link is about, for the person who opened it. */
export interface UnsubscribeScope {
  /** The contact's, null when unknown or when the contact was erased. */
  language: string | null
  /** The name of the resource. */
  resource: string
  /** Titles of the categories that made this recipient eligible. Empty: the message had none, all of the resource is meant. */
  categories: string[]
  /** Where the message went; when the ledger no longer tells, where it would go now. Null when neither is known. */
  address: string | null
}

/**
 * Tables for the `with` of a statement:
 * - `link`: one row with what the link is about, from the ledger or, when its partition was dropped, from what is known
 *   of contact and message; `keys` are of the address that the message went to, or of all that the contact has. No row
 *   when neither contact nor ledger entry is there, or no such campaign.
 * - `target`: what is refused: each of the categories, or else the resource.
 *
 * No parameter is an array: the planner looks into those, and finding one id where it would otherwise assume ten, it
 * would plan anew at each call.
 */
export const scopeTables = ({ campaignId, contactId }: TokenClaims): Sql => sql`
  link as materialized (
    select campaign.channel, resource.id as resource_id, resource.name as resource, contact.language,
      coalesce(sent.address, (select value ${addressesNow(contactId)} limit 1)) as address,
      case when sent.address_key is null then array(select address_key ${addressesNow(contactId)})
        else array[sent.address_key] end as keys,
      coalesce(sent.category_ids, array(
        select category_id from message_category where message_id = campaign.message_id)) as category_ids
    from campaign
    join resource on resource.id = campaign.resource_id
    left join contact on contact.id = ${contactId}::bigint
    left join ledger_entry(${campaignId}::bigint, ${contactId}::bigint) as sent on true
    where campaign.id = ${campaignId}::bigint and num_nonnulls(contact.id, sent.address) > 0
  ), target as materialized (
    select category.id as category_id, case when category.id is null then link.resource_id end as resource_id,
      link.channel, category.title
    from link left join category on category.id = any(link.category_ids)
  )`

const addressesNow = (contactId: Id): Sql => sql`
  from contact_address where contact_id = ${contactId}::bigint and channel = campaign.channel
  order by priority desc, value`

/** `UnsubscribeScope` and a further column. */
export const scopeWith = (further: Sql): Sql => sql`
  select language, resource, address,
    array(select title from target where category_id is not null order by title) as categories, ${further}
  from link`
