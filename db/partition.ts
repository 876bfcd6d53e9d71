import { type RawBuilder, sql } from 'kysely'
import type { Id } from './schema.ts'

/**
 * The table that holds a campaign's part of the ledger. Statements that run thousands of times name it, and not the
 * whole ledger: looking for the partition costs time that grows with the number of campaigns.
 */
export const partitionOf = (campaignId: Id): RawBuilder<unknown> => sql.table(`recipient_${campaignId}`)
