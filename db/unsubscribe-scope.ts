import { sql } from 'kysely'
import type { TokenClaims } from '../domain/link-token.ts'
import type { UnsubscribeMode } from '../domain/resource-settings.ts'
import type { Sql } from './audience-facts.ts'
import { erasedAddress } from './erased-ledger.ts'
import type { Id } from './schema.ts'

/** What one unsubscribe link is about, for the person who opened it. */
export interface UnsubscribeScope {
  /** The contact's, null when unknown or when the contact was erased. */
  language: string | null
  /** The name of the resource. */
  resource: string
  /** `#rrggbb`; null: none was chosen. */
  colour: string | null
  /** Titles of the categories that made this recipient eligible. Empty: the message had none, all of the resource is meant. */
  categories: string[]
  /** Where the message went; when the ledger no longer tells, where it would go now. Null when neither is known. */
  address: string | null
  /** How one unsubscribes from the resource. With `prohibited` nothing can be refused. */
  mode: UnsubscribeMode
  /** Of `delayed`: how long one may change one's mind. */
  timerSeconds: number | null
  /** The resource's own page, as it was written, with its placeholders. */
  pageUrl: string | null
  /** Named in that URL. */
  resourceToken: string
  /** Of `prohibited`, in the resource's own words. */
  prohibitedReason: string | null
}

/**
 * What of a link's message is meant:
 * - `eligible`: the categories that made the recipient eligible, or the resource when the message had none.
 * - `categories`: these, which must be of the message's resource; others are left out.
 * - `resource`: everything of it, on the message's channel.
 */
export type LinkTarget = { kind: 'eligible' } | { kind: 'categories'; ids: Id[] } | { kind: 'resource' }

/**
 * Tables for the `with` of a statement:
 * - `link`: one row with what the link is about; `keys` are of the address that the message went to or, when the ledger
 *   no longer tells, of all that the contact has. No row when nothing is known of it any more.
 * - `target`: what is refused: each of the categories, or else the resource. No row where unsubscribing is prohibited.
 *
 * No parameter is an array: the planner looks into those, and finding one id where it would otherwise assume ten, it
 * would plan anew at each call.
 */
export const scopeTables = (
  { campaignId, contactId }: TokenClaims,
  target: LinkTarget = { kind: 'eligible' },
): Sql => sql`
  link as materialized (
    select campaign.channel, resource.id as resource_id, resource.name as resource, resource.colour, contact.language,
      nullif(sent.address, ${sql.lit(erasedAddress)}) as address, sent.address_keys as keys, sent.category_ids,
      resource.unsubscribe_mode as mode,
      resource.unsubscribe_timer_seconds as "timerSeconds", resource.unsubscribe_page_url as "pageUrl",
      resource.token as "resourceToken", resource.prohibited_reason as "prohibitedReason"
    from campaign
    join resource on resource.id = campaign.resource_id
    cross join sent_message(${campaignId}::bigint, ${contactId}::bigint) as sent
    left join contact on contact.id = ${contactId}::bigint
    where campaign.id = ${campaignId}::bigint and num_nonnulls(contact.id, sent.address) > 0
  ), target as materialized (
    select category.id as category_id, case when category.id is null then link.resource_id end as resource_id,
      link.channel, category.title
    from link ${targetCategories(target)}
    where link.mode <> 'prohibited'
  )`

function targetCategories(target: LinkTarget): Sql {
  switch (target.kind) {
    case 'eligible':
      return sql`left join category on category.id = any(link.category_ids)`
    case 'resource':
      return sql`left join category on false`
    case 'categories':
      return sql`join category on category.resource_id = link.resource_id and category.id = any(${target.ids}::bigint[])`
  }
}

/** `UnsubscribeScope` and a further column. */
export const scopeWith = (further: Sql): Sql => sql`
  select language, resource, colour, address, mode, "timerSeconds", "pageUrl", "resourceToken", "prohibitedReason",
    array(select title from target where category_id is not null order by title) as categories, ${further}
  from link`
