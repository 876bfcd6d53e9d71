import { sql } from 'kysely'
import type { Db } from './connect.ts'
import { consentHistory } from './consent-history.ts'
import { recipientsOf } from './erased-ledger.ts'
import type { Id } from './schema.ts'

export type ContactExport = Awaited<ReturnType<typeof exportContact>>

/** Everything that is held about one person (GDPR, Articles 15 and 20), as of one instant. Columns are named as in the tables. */
export const exportContact = (db: Db, contactId: Id) =>
  db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (db) => ({
      contactId,
      /** Null: the contact was erased. */
      contact: (await db.selectFrom('contact').selectAll().where('id', '=', contactId).executeTakeFirst()) ?? null,
      addresses: await addressesOf(db, contactId),
      subscriptions: await subscriptionsOf(db, contactId),
      optOuts: await optOutsOf(db, contactId),
      segments: await segmentsOf(db, contactId),
      resourceAddresses: await resourceAddressesOf(db, contactId),
      pendingUnsubscribes: await pendingUnsubscribesOf(db, contactId),
      optInRequests: await optInRequestsOf(db, contactId),
      suppressions: await suppressionsOf(db, contactId),
      addressRefusals: await refusalsOf(db, contactId),
      messages: (await recipientsOf<ReceivedRow>(contactId, receivedColumns).execute(db)).rows,
      webhookEvents: await eventsOf(db, contactId),
      consentEvents: (await consentHistory(db, contactId)).events,
    }))

interface ReceivedRow {
  campaign: string
  campaign_title: string
  seq: number
  address: string
  state: string
  reason: string | null
  code: number | null
  response: string | null
  attempts: number
  claimed_at: Date | null
  settled_at: Date | null
}

const receivedColumns = sql`campaign.key as campaign, campaign.title as campaign_title, recipient.seq, recipient.address,
  recipient.state, recipient.reason, recipient.code, recipient.response, recipient.attempts, recipient.claimed_at,
  recipient.settled_at`

const addressesOf = (db: Db, contactId: Id) =>
  db
    .selectFrom('contact_address')
    .select(['channel', 'value', 'status', 'status_reason', 'status_at', 'priority'])
    .where('contact_id', '=', contactId)
    .orderBy('channel')
    .orderBy('priority', 'desc')
    .orderBy('value')
    .execute()

const subscriptionsOf = (db: Db, contactId: Id) =>
  db
    .selectFrom('subscription as s')
    .innerJoin('category', 'category.id', 's.category_id')
    .select(['category.key as category', 'category.title', 's.status', 's.legal_basis', 's.explanation'])
    .select(['s.source', 's.changed_at'])
    .where('s.contact_id', '=', contactId)
    .orderBy('category.key')
    .execute()

const optOutsOf = (db: Db, contactId: Id) =>
  db
    .selectFrom('opt_out')
    .leftJoin('resource', 'resource.id', 'opt_out.resource_id')
    .select(['resource.key as resource', 'opt_out.channel', 'opt_out.source', 'opt_out.created_at'])
    .where('contact_id', '=', contactId)
    .orderBy('opt_out.created_at')
    .execute()

const segmentsOf = (db: Db, contactId: Id) =>
  db
    .selectFrom('segment_member')
    .innerJoin('segment', 'segment.id', 'segment_member.segment_id')
    .select(['segment.key', 'segment.title'])
    .where('contact_id', '=', contactId)
    .orderBy('segment.key')
    .execute()

const resourceAddressesOf = (db: Db, contactId: Id) =>
  db
    .selectFrom('resource_address as a')
    .innerJoin('resource', 'resource.id', 'a.resource_id')
    .select(['resource.key as resource', 'a.channel', 'a.value', 'a.priority', 'a.fields', 'a.created_at'])
    .where('contact_id', '=', contactId)
    .orderBy('resource.key')
    .execute()

const pendingUnsubscribesOf = (db: Db, contactId: Id) =>
  db
    .selectFrom('pending_unsubscribe as p')
    .innerJoin('resource', 'resource.id', 'p.resource_id')
    .leftJoin('category', 'category.id', 'p.category_id')
    .select(['p.id', 'resource.key as resource', 'category.key as category', 'p.state', 'p.created_at', 'p.due_at'])
    .select(['p.settled_at', 'p.settled_through', 'p.wording', 'p.user_agent', sql<string | null>`host(p.ip)`.as('ip')])
    .where('p.contact_id', '=', contactId)
    .orderBy('p.id')
    .execute()

const optInRequestsOf = (db: Db, contactId: Id) =>
  db
    .selectFrom('opt_in_request as o')
    .innerJoin('category', 'category.id', 'o.category_id')
    .select(['o.id', 'category.key as category', 'o.channel', 'o.state', 'o.through', 'o.actor', 'o.legal_basis'])
    .select(['o.explanation', 'o.requested_at', 'o.mailed_at', 'o.reminded_at', 'o.expires_at', 'o.settled_at'])
    .where('o.contact_id', '=', contactId)
    .orderBy('o.id')
    .execute()

/** Kept for 30 days, and found by nothing but reading them all. */
const eventsOf = (db: Db, contactId: Id) =>
  db
    .selectFrom('event')
    .select(['id', 'at', 'kind', 'payload'])
    .where('contact_id', '=', contactId)
    .orderBy('id')
    .execute()

const suppressionsOf = (db: Db, contactId: Id) =>
  db
    .selectFrom('suppression as s')
    .innerJoin('contact_address as a', (join) =>
      join.onRef('a.address_key', '=', 's.address_key').onRef('a.channel', '=', 's.channel'),
    )
    .select(['a.channel', 'a.value', 's.kind', 's.reason', 's.created_at'])
    .where('a.contact_id', '=', contactId)
    .orderBy('a.value')
    .execute()

const refusalsOf = (db: Db, contactId: Id) =>
  db
    .selectFrom('address_refusal as r')
    .innerJoin('contact_address as a', (join) =>
      join.onRef('a.address_key', '=', 'r.address_key').onRef('a.channel', '=', 'r.channel'),
    )
    .leftJoin('category', 'category.id', 'r.category_id')
    .leftJoin('resource', 'resource.id', 'r.resource_id')
    .select(['a.channel', 'a.value', 'category.key as category', 'resource.key as resource', 'r.created_at'])
    .where('a.contact_id', '=', contactId)
    .orderBy('r.created_at')
    .execute()
