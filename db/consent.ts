import { sql } from 'kysely'
import { byteaArray } from './bytea-array.ts'
import type { Db } from './connect.ts'
import type { ConsentAction, Id, Through } from './schema.ts'

/** How somebody changed their mind: what a consent event proves. Null: there is none, or it is not known. */
export interface ConsentAct {
  through: Through
  /** The operator, or the name of the API key, when it was not the person. */
  actor: string | null
  legalBasis: string | null
  explanation: string | null
  /** Version of the wording that the person saw. */
  wording: string | null
  ip: string | null
  userAgent: string | null
  /** The campaign whose message led to it. */
  campaignId: Id | null
}

/**
 * PostgreSQL's text cannot hold U+0000. It is taken out, not refused: what somebody's browser says beside a "no" must not
 * make it fail.
 */
export function storableAct(act: ConsentAct): ConsentAct {
  const { actor, legalBasis, explanation, wording, userAgent } = act
  const texts = { actor, legalBasis, explanation, wording, userAgent }
  const storable = Object.entries(texts).map(([name, text]) => [name, storableText(text)])
  return { ...act, ...(Object.fromEntries(storable) as typeof texts) }
}

export const storableText = (text: string | null): string | null => text?.replaceAll('\0', '') ?? null

/** One line of the history. Scope: one category, one resource, or (both absent) everything. */
export interface ConsentEventInput {
  contact_id: Id
  action: ConsentAction
  through: Through
  channel?: string | null
  address_key?: Buffer | null
  category_id?: Id | null
  resource_id?: Id | null
  legal_basis?: string | null
  explanation?: string | null
  campaign_id?: Id | null
  /** Version of the wording that the person saw. */
  wording?: string | null
  ip?: string | null
  user_agent?: string | null
  actor?: string | null
}

/** What differs between the consent events of one act. */
export type ConsentDifference = Pick<
  ConsentEventInput,
  'contact_id' | 'action' | 'category_id' | 'resource_id' | 'channel'
>

/** What an act says of itself, as columns of the events that prove it. */
export const columnsOf = (act: ConsentAct) => ({
  through: act.through,
  actor: act.actor,
  legal_basis: act.legalBasis,
  explanation: act.explanation,
  campaign_id: act.campaignId,
  wording: act.wording,
  ip: act.ip,
  user_agent: act.userAgent,
})

/**
 * Takes the turn of an import: keeps a refusal and an import from missing each other. A refusal reaches every contact
 * that holds the address now; an import gives an address to a contact after looking for its refusals. Side by side,
 * neither would see the other's row, and a duplicate would be mailed after a "no". So refusals (many at once) wait for
 * the batch of an import that is running, and it for them: they share this lock, in the function `holders_in_turn`.
 * Call it first in the transaction; its end lets go.
 */
export async function takeTurn(db: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('addressee: refusals and imports', 0))`.execute(db)
}

/** The turn as refusals take it, many at once: for whoever changes consent and gives nobody an address. */
export async function shareTurn(db: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(hashtextextended('addressee: refusals and imports', 0))`.execute(db)
}

/**
 * Appends to the history of consent. Call it in the transaction of the change that it proves: a change without
 * its proof, or a proof of what never happened, must not be possible.
 */
export async function recordConsent(db: Db, events: readonly ConsentEventInput[]): Promise<void> {
  if (events.length === 0) return
  const column = <K extends keyof ConsentEventInput>(key: K) => events.map((event) => event[key] ?? null)
  const texts = (key: 'legal_basis' | 'explanation' | 'wording' | 'user_agent' | 'actor') =>
    sql`${column(key).map(storableText)}::text[]`
  await sql`
    insert into consent_event (contact_id, action, through, channel, address_key, category_id, resource_id,
                               legal_basis, explanation, campaign_id, wording, ip, user_agent, actor)
    select contact_id, action, through, channel, address_key, category_id, resource_id,
           legal_basis, explanation, campaign_id, wording, ip, user_agent, actor
    from unnest(
      ${column('contact_id')}::bigint[], ${column('action')}::text[], ${column('through')}::text[],
      ${column('channel')}::text[], ${byteaArray(column('address_key'))}, ${column('category_id')}::bigint[],
      ${column('resource_id')}::bigint[], ${texts('legal_basis')}, ${texts('explanation')},
      ${column('campaign_id')}::bigint[], ${texts('wording')}, ${column('ip')}::inet[],
      ${texts('user_agent')}, ${texts('actor')}) with ordinality
      as given (contact_id, action, through, channel, address_key, category_id, resource_id,
                legal_basis, explanation, campaign_id, wording, ip, user_agent, actor, place)
    -- The lock order of the chains (consent_head), and within one the order given.
    order by contact_id, place`.execute(db)
}
