import { sql } from 'kysely'
import type { Fate } from '../domain/fate.ts'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'
import { type AccessGroup, isVisible } from './visible.ts'

/** What a campaign did for a contact. */
export interface MessageTo {
  campaignId: Id
  campaign: string
  resource: string
  seq: number
  address: string
  state: Fate
  reason: string | null
  settledAt: Date | null
}

/** Every campaign whose audience had the contact in it, the latest first. A ledger that retention dropped is not told. */
export async function messagesTo(
  db: Db,
  contactId: Id,
  page: { before: Id | null; limit: number; group: AccessGroup },
): Promise<MessageTo[]> {
  const { rows } = await sql<MessageTo>`
    select campaign.id as "campaignId", campaign.key as campaign, resource.key as resource, sent.*
    from campaign join resource on resource.id = campaign.resource_id
    cross join lateral (
      select seq, address, state, reason, settled_at as "settledAt" from recipient
      where campaign_id = campaign.id and contact_id = ${contactId}::bigint
    ) as sent
    where (${page.before}::bigint is null or campaign.id < ${page.before}::bigint) and ${isVisible(page.group)}
    order by campaign.id desc limit ${page.limit}`.execute(db)
  return rows
}
