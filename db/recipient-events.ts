import { sql } from 'kysely'
import type { Sql } from './audience-facts.ts'
import type { Id } from './schema.ts'

/**
 * The statement that writes the events of recipients whom another one, `settled`, of the same transaction has sent to
 * or given up. They come by the hundred thousand: where no webhook wants them they are not written, and then all of
 * this costs two looks at the webhooks for each group.
 */
export const recipientsTold = (campaignId: Id): Sql => sql`
  insert into event (kind, contact_id, resource_id, campaign_id, payload)
  select 'recipient.' || settled.state, contact_id, campaign.resource_id, campaign.id, jsonb_build_object(
    'contactId', contact_id::text, 'externalId', (select external_id from contact where contact.id = contact_id),
    'campaignId', campaign.id::text, 'campaign', campaign.key, 'seq', seq,
    'resource', (select key from resource where resource.id = campaign.resource_id),
    'serverId', server_id, 'reason', reason, 'code', code)
  from settled join campaign on campaign.id = ${campaignId}
  where settled.state = 'sent' and ${isWanted(campaignId, 'recipient.sent')}
    or settled.state = 'failed' and ${isWanted(campaignId, 'recipient.failed')}
  order by seq`

const isWanted = (campaignId: Id, kind: string): Sql => sql`exists (
    select from webhook, campaign join resource on resource.id = campaign.resource_id
    where disabled_at is null and ${sql.lit(kind)} = any(kinds) and campaign.id = ${campaignId}
      and webhook_wants(webhook, ${sql.lit(kind)}, campaign.resource_id, resource.access_group, null))`
