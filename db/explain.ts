import { sql } from 'kysely'
import { type RuleName, rules } from '../domain/audience-rule.ts'
import type { Fate } from '../domain/fate.ts'
import { candidates, contactsOf, factsOfFew, reason } from './audience-facts.ts'
import type { Db } from './connect.ts'
import { type TitledConsent, titledConsents } from './consents.ts'
import type { Criteria } from './criteria.ts'
import type { Id } from './schema.ts'

export interface RuleVerdict {
  number: number
  rule: RuleName
  /** What the rule asks of the contact. */
  text: string
  holds: boolean
}

export interface Explanation {
  contactId: Id
  /** What the rule says about this contact now; null: it belongs to the audience. */
  reason: string | null
  rules: RuleVerdict[]
  /** What the contact's consent to each of the message's categories comes to. */
  consents: TitledConsent[]
  /** The contact's row in the ledger, once the audience is frozen; null when it is not in it. */
  recipient: { seq: number; state: Fate; reason: string | null; settledAt: Date | null } | null
}

interface FactRow {
  contact_id: Id
  subscribed: boolean
  excluded: boolean
  opted_out: boolean
  unsubscribing: boolean
  deleted: boolean
  address: string | null
  suppressed: string | null
  reason: string | null
  in_segments: boolean
  copy: number | null
}

/**
 * One contact's verdict, rule by rule, as of now: not only the first that fails. The rules are those that resolve
 * the audience, confined to this contact and to whoever shares its addresses.
 */
export async function explainContact(
  db: Db,
  criteria: Criteria,
  contactId: Id,
): Promise<Omit<Explanation, 'recipient'>> {
  const sharing = sql`
    select contact_id from contact_address where channel = ${criteria.channel} and address_key in (
      select address_key from contact_address where contact_id = ${contactId} and channel = ${criteria.channel})
    union select ${contactId}::bigint`
  const { rows } = await sql<FactRow>`
    with candidate as materialized (${candidates(criteria, contactsOf(sharing))}),
    judged as materialized (
      select fact.*, ${reason} as reason,
        exists (select from candidate where candidate.contact_id = fact.contact_id) as in_segments
      from (${factsOfFew(criteria, sharing)}) as fact
    ), ranked as (
      select contact_id, row_number() over (partition by address_key order by created_at, contact_id) as copy
      from judged where in_segments and (reason is null or contact_id = ${contactId})
    )
    select judged.*, ranked.copy::int from judged left join ranked using (contact_id)
    where contact_id = ${contactId}`.execute(db)
  const [fact] = rows
  if (fact === undefined) throw new Error(`contact ${contactId} was not judged`)
  const verdicts = rules.map(({ number, name, text }) => ({ number, rule: name, text, holds: holds(name, fact) }))
  const consents = await titledConsents(db, contactId, criteria.channel, criteria.categories.ids)
  return { contactId, reason: firstReason(fact), rules: verdicts, consents }
}

function holds(rule: RuleName, fact: FactRow): boolean {
  switch (rule) {
    case 'not_in_segments':
      return fact.in_segments
    case 'subscription':
      return fact.subscribed
    case 'excluded':
      return !fact.excluded
    case 'opted_out':
      return !fact.opted_out
    case 'unsubscribing':
      return !fact.unsubscribing
    case 'deleted':
      return !fact.deleted
    case 'no_address':
      return fact.address !== null
    case 'suppressed':
      return fact.suppressed === null
    case 'duplicate_address':
      return !isDuplicate(fact)
  }
}

const isDuplicate = (fact: FactRow): boolean => fact.copy !== null && fact.copy > 1

function firstReason(fact: FactRow): string | null {
  if (!fact.in_segments) return 'not_in_segments'
  return fact.reason ?? (isDuplicate(fact) ? 'duplicate_address' : null)
}

/** The contact's row in a campaign's ledger. */
export async function recipientOf(db: Db, campaignId: Id, contactId: Id): Promise<Explanation['recipient']> {
  const row = await db
    .selectFrom('recipient')
    .select(['seq', 'state', 'reason', 'settled_at as settledAt'])
    .where('campaign_id', '=', campaignId)
    .where('contact_id', '=', contactId)
    .executeTakeFirst()
  return row ?? null
}
