import { type RawBuilder, sql } from 'kysely'
import type { Sql } from './audience-facts.ts'
import { byteaArray } from './bytea-array.ts'
import type { Db } from './connect.ts'
import { inOneTrip } from './one-trip.ts'
import type { ConsentAction, Id, Through } from './schema.ts'

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
}

/**
 * Keeps a refusal and an import from missing each other. A refusal reaches every contact that holds the address
 * now; an import gives an address to a contact after looking for its refusals. Side by side, neither would see the
 * other's row, and a duplicate would be mailed after a "no". So refusals (many at once) wait for the batch of an
 * import that is running, and it for them. Call it first in the transaction; its end lets go.
 */
export async function takeTurn(db: Db, who: Who): Promise<void> {
  await turn(who).execute(db)
}

/** Carries out one statement as a transaction of its own, in its turn. */
export const inTurn = <Row>(db: Db, who: Who, statement: RawBuilder<Row>): Promise<Row[]> =>
  inOneTrip(db, turn(who), statement)

type Who = 'refusal' | 'import'

const turn = (who: Who): Sql => {
  const lock = who === 'import' ? sql`pg_advisory_xact_lock` : sql`pg_advisory_xact_lock_shared`
  return sql`
    select ${lock}(hashtextextended('addressee: refusals and imports', 0)), set_config('addressee.turn', 'true', true)`
}

/** A condition of statements that must not be carried out outside of a turn: there it is an error. */
export const onlyInTurn = sql`current_setting('addressee.turn')::boolean`

/**
 * Appends to the history of consent. Call it in the transaction of the change that it proves: a change without
 * its proof, or a proof of what never happened, must not be possible.
 */
export async function recordConsent(db: Db, events: readonly ConsentEventInput[]): Promise<void> {
  if (events.length === 0) return
  const column = <K extends keyof ConsentEventInput>(key: K) => events.map((event) => event[key] ?? null)
  await sql`
    insert into consent_event (contact_id, action, through, channel, address_key, category_id, resource_id,
                               legal_basis, explanation, campaign_id, wording, ip, user_agent)
    select * from unnest(
      ${column('contact_id')}::bigint[], ${column('action')}::text[], ${column('through')}::text[],
      ${column('channel')}::text[], ${byteaArray(column('address_key'))}, ${column('category_id')}::bigint[],
      ${column('resource_id')}::bigint[], ${column('legal_basis')}::text[], ${column('explanation')}::text[],
      ${column('campaign_id')}::bigint[], ${column('wording')}::text[], ${column('ip')}::inet[],
      ${column('user_agent')}::text[])`.execute(db)
}
