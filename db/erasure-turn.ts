import { sql } from 'kysely'
import type { Db } from './connect.ts'

// An audience that is being frozen has read the contacts, and its ledger is seen by nobody yet: erasing a contact
// meanwhile would miss the address in it. So the two take turns; freezing beside freezing is free.

const lock = sql`hashtextextended('addressee: erasures and audiences', 0)`

/** For whoever writes addresses into a ledger. Call it first in the transaction; its end lets go. */
export async function holdErasures(db: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(${lock})`.execute(db)
}

/** For an erasure: waits until no audience is being frozen. */
export async function takeErasureTurn(db: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock(${lock})`.execute(db)
}
