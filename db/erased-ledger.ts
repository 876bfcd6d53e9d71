import { type RawBuilder, sql } from 'kysely'
import type { Db } from './connect.ts'
import { partitionOf } from './partition.ts'
import type { Id } from './schema.ts'

/** What stands in the ledger where the address of an erased contact stood. */
export const erasedAddress = 'erased'

/**
 * A row for each recipient that the contact was, whatever the campaign. One look-up a campaign: the plan goes from the
 * campaigns to the partition of each, where the index on (campaign_id, contact_id) has it.
 * @param columns of `campaign` and `recipient`.
 */
export const recipientsOf = <T>(contactId: Id, columns: RawBuilder<unknown>): RawBuilder<T> => sql<T>`
  select ${columns} from campaign
  cross join lateral (
    select * from recipient as r where r.campaign_id = campaign.id and r.contact_id = ${contactId}::bigint offset 0
  ) as recipient
  where campaign.frozen_at is not null
  order by campaign.id, recipient.seq`

/**
 * Takes a contact's address out of the ledgers, and what servers said of it: answers repeat addresses. Fates, times and
 * `address_key` stay.
 * @returns how many rows held it.
 */
export async function eraseFromLedgers(db: Db, contactId: Id): Promise<number> {
  const campaigns = await recipientsOf<{ id: Id }>(contactId, sql`campaign.id`).execute(db)
  for (const { id } of campaigns.rows)
    await sql`
      update ${partitionOf(id)} set address = ${erasedAddress}, response = null
      where campaign_id = ${id} and contact_id = ${contactId}::bigint`.execute(db)
  return campaigns.rows.length
}
