import { sql } from 'kysely'
import type { Db } from './connect.ts'
import type { ConsentAction, Id, Through } from './schema.ts'
import { type AccessGroup, isVisible } from './visible.ts'

/** One line of a contact's history, with keys in place of ids. Category and resource null: it is about everything. */
export interface ConsentLine {
  id: Id
  number: number
  at: Date
  action: ConsentAction
  through: Through
  actor: string | null
  channel: string | null
  category: string | null
  resource: string | null
  legalBasis: string | null
  explanation: string | null
  campaign: string | null
  wording: string | null
}

/**
 * A contact's history, oldest first: by number, for ids can come out of order. Of resources that the group does not see, nothing.
 * @param page.after the last number of the page before.
 */
export async function pageOfConsent(
  db: Db,
  contactId: Id,
  page: { after: string; limit: number; group: AccessGroup },
): Promise<ConsentLine[]> {
  const { rows } = await sql<ConsentLine>`
    select event.id, event.number, event.at, event.action, event.through, event.actor, event.channel,
      category.key as category, resource.key as resource, event.legal_basis as "legalBasis", event.explanation,
      campaign.key as campaign, event.wording
    from consent_event as event
    left join category on category.id = event.category_id
    left join resource on resource.id = coalesce(event.resource_id, category.resource_id)
    left join campaign on campaign.id = event.campaign_id
    where event.contact_id = ${contactId}::bigint and event.number > ${page.after}::bigint
      and (${page.group}::text is null or resource.id is null or (${isVisible(page.group)}))
    order by event.number limit ${page.limit}`.execute(db)
  return rows
}
