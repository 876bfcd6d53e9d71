import { sql } from 'kysely'
import { beforeEach, expect } from 'vitest'
import { freezeAudience } from '../../db/audience.ts'
import { loadAddressKeys } from '../../db/installation.ts'
import type { Id } from '../../db/schema.ts'
import { createImports } from './imports.ts'
import { seedCampaign } from './seed.ts'

/** A database for tests about people who come by imports, are sent to, and go. */
export async function createPeople() {
  const imports = await createImports()
  const { db, importText } = imports
  beforeEach(async () => {
    // The ids of campaigns begin anew in each test; their ledgers would be there still.
    const { rows } = await sql<{ name: string }>`
      select inhrelid::regclass::text as name from pg_inherits where inhparent = 'recipient'::regclass`.execute(db)
    for (const { name } of rows) await sql`drop table ${sql.table(name)}`.execute(db)
    await sql`truncate suppression, consent_head, event cascade`.execute(db)
  })
  return {
    ...imports,
    /** The key of ada@example.com. */
    ada: (await loadAddressKeys(db))('email', 'ada@example.com'),
    /** Ada, subscribed to the news of the shop, with the id 1 in a test that begins with her. */
    seedAda: async (): Promise<Id> => {
      await importText('id,email,topics\na-1,Ada@example.com,news\n', { explanation: 'the form of May' })
      return '1'
    },
    /** A campaign of the shop that is sending to so many. */
    seedSending: async (contacts = 1, categories = ['1']): Promise<Id> => {
      const campaignId = await seedCampaign(db, { resourceId: '1', categories })
      expect((await freezeAudience(db, campaignId))?.audience).toBe(contacts)
      return campaignId
    },
    recipientsIn: (campaignId: Id) =>
      db
        .selectFrom('recipient')
        .select(['contact_id', 'address', 'address_key', 'state', 'reason', 'response'])
        .where('campaign_id', '=', campaignId)
        .orderBy('seq')
        .execute(),
  }
}
