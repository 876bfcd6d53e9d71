import { sql } from 'kysely'
import type { SkipReason } from '../domain/audience-rule.ts'
import { factsOfFew, reason, type Sql } from './audience-facts.ts'
import type { Db } from './connect.ts'
import type { Criteria } from './criteria.ts'
import { partitionOf } from './partition.ts'
import type { Id } from './schema.ts'
import { tallied } from './tally.ts'

/** Positions of the ledger that one dispatch works on, and the token of the attempt that does. */
export interface Claimer {
  campaignId: Id
  from: number
  to: number
  /** Made anew by every attempt: only the owner of a claim can settle it. */
  token: string
}

/** Recipient domains to claim from, or to leave to others. */
export type DomainFilter = { only: string } | { without: string[] }

/** A recipient that this attempt may send to, with what its message is made of. */
export interface Claimed {
  seq: number
  attempts: number
  contactId: Id
  address: string
  firstName: string | null
  lastName: string | null
  externalId: string | null
  language: string | null
  timeZone: string | null
  attributes: Record<string, unknown>
  /** Custom fields of the subscription; absent where the resource defines none. */
  subscription?: Record<string, unknown>
}

export interface ClaimResult {
  claimed: Claimed[]
  /** Recipients that a rule dropped at the last moment: their `skipped` is recorded already. */
  skipped: number
  /** The last position looked at; null when nothing was found. */
  lastSeq: number | null
}

interface ClaimRow extends Claimed {
  reason: SkipReason | null
}

/**
 * Claims up to `limit` queued recipients for sending and judges the rules 2 and 4 to 8 again, in one statement: who
 * unsubscribed before it began is `skipped`, whatever was frozen. Claims nothing unless the campaign is sending and
 * not paused, which is how a pause takes effect whatever Temporal is doing.
 * @param where.from the first position to look at, when the ones before it are known to be done.
 * @param where.domains of the recipients to look at; by default all.
 */
export async function claim(
  db: Db,
  criteria: Criteria,
  claimer: Claimer,
  limit: number,
  where: { from?: number; domains?: DomainFilter } = {},
): Promise<ClaimResult> {
  const { from = claimer.from, domains = { without: [] } } = where
  const { rows } = await claimStatement(criteria, claimer, limit, { from, domains }).execute(db)
  const claimed = rows.filter((row) => row.reason === null)
  return { claimed, skipped: rows.length - claimed.length, lastSeq: rows.at(-1)?.seq ?? null }
}

const claimStatement = (
  criteria: Criteria,
  claimer: Claimer,
  limit: number,
  { from, domains }: { from: number; domains: DomainFilter },
) => sql<ClaimRow>`
    with picked as materialized (
      select seq, ctid as place, contact_id, address from ${partitionOf(claimer.campaignId)}
      where campaign_id = ${claimer.campaignId} and seq between ${from} and ${claimer.to} and state = 'queued'
        and (not_before is null or not_before <= now()) ${ofDomains(domains)}
        and exists (select from campaign where id = ${claimer.campaignId} and state = 'sending' and paused_at is null)
      order by seq limit ${limit} for update skip locked
    ), judged as materialized (
      select fact.*, ${reason} as reason from (${factsOfFew(criteria, sql`table picked`, {
        address: addressOfRecord(criteria),
        exclusions: false,
        columns: sql`, judged.seq, judged.place, ${ofContact}${fieldsOfSubscription(criteria)}`,
      })}) as fact
    ), changed as (
      update ${partitionOf(claimer.campaignId)} r set
        state = case when judged.reason is null then 'claimed' else 'skipped' end,
        reason = judged.reason,
        category_ids = case when judged.reason is null then judged.category_ids else r.category_ids end,
        attempts = r.attempts + case when judged.reason is null then 1 else 0 end,
        claim_token = ${claimer.token}::uuid, claimed_at = now(),
        settled_at = case when judged.reason is null then null else now() end
      from judged where r.ctid = judged.place
      returning r.seq, r.attempts, r.contact_id as "contactId", r.address, r.reason, r.state,
        "firstName", "lastName", "externalId", judged.language, "timeZone", judged.attributes${
          criteria.traits.hasFields ? sql`, judged.subscription` : sql``
        }
    ), written_down as (${tallied(
      claimer.campaignId,
      claimer.from,
      sql`select 'queued' as was, state, count(*) as recipients from changed group by state`,
    )})
    select * from changed order by seq`

const ofContact = sql`contact.first_name as "firstName", contact.last_name as "lastName",
  contact.external_id as "externalId", contact.language, contact.time_zone as "timeZone", contact.attributes`

/** A look-up a recipient, for which only those pay whose resource has custom fields. */
const fieldsOfSubscription = ({ traits, resourceId, channel }: Criteria): Sql =>
  traits.hasFields
    ? sql`, coalesce((select fields from resource_address
        where resource_id = ${resourceId} and contact_id = judged.contact_id and channel = ${channel}
          and value = judged.address), '{}') as subscription`
    : sql``

/** The address must be the contact's still: nobody is mailed at an address that was taken off the record. */
const addressOfRecord = ({ channel }: Criteria): Sql => sql`
  select value as address, address_key from contact_address
  where contact_id = judged.contact_id and channel = ${channel} and value = judged.address and status = 'active'`

function ofDomains(filter: DomainFilter): Sql {
  const domain = sql`split_part(address, '@', 2)`
  if ('only' in filter) return sql`and ${domain} = ${filter.only}`
  return filter.without.length === 0 ? sql`` : sql`and ${domain} <> all(${filter.without}::text[])`
}
