import { sql } from 'kysely'
import type { Database } from '../stage/database.ts'

interface Recorded {
  events: number
  unsubscribed: number
  refusals: number
}

/** Rows that unsubscribes make. */
export async function countRecorded({ db }: Database): Promise<Recorded> {
  const { rows } = await sql<Recorded>`
    select (select count(*) from consent_event)::int as events,
      (select count(*) from subscription where status = 'unsubscribed')::int as unsubscribed,
      (select count(*) from address_refusal)::int as refusals`.execute(db)
  return rows[0] ?? { events: 0, unsubscribed: 0, refusals: 0 }
}

/** @throws when floor or product has answered 200 and recorded less, or more. */
export function requireRecorded(before: Recorded, after: Recorded, asked: number): void {
  for (const what of ['events', 'unsubscribed', 'refusals'] as const)
    if (after[what] - before[what] !== asked)
      throw new Error(`${after[what] - before[what]} ${what} for ${asked} POSTs`)
}
