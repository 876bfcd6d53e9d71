import { freezeAudience } from '../../db/audience.ts'
import { beginResolving } from '../../db/campaigns.ts'
import { scheduleCampaign } from '../../db/schedule-campaign.ts'
import type { Id } from '../../db/schema.ts'
import { checkDefinition } from '../../domain/campaign-definition.ts'
import { content } from '../senders/message.ts'
import { loadAudiences } from '../stage/audience.ts'
import type { Database } from '../stage/database.ts'

/**
 * A campaign with this many recipients in the ledger. Nothing is sent: to whom an unsubscribe link belongs is known
 * from the moment that the audience is frozen.
 */
export async function freezeRecipients(database: Database, recipients: number): Promise<Id> {
  await loadAudiences(database, [{ key: 'everybody', size: recipients }])
  const { db } = database
  const definition = { key: 'bench', resource: 'bench', categories: ['everybody'], content, now: true }
  const { campaign } = await scheduleCampaign(db, checkDefinition(definition))
  await beginResolving(db, campaign.id)
  const frozen = await freezeAudience(db, campaign.id)
  if (frozen?.audience !== recipients) throw new Error(`${frozen?.audience} of ${recipients} recipients were frozen`)
  return campaign.id
}
