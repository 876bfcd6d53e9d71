import { sql } from 'kysely'
import { byteaArray } from './bytea-array.ts'
import type { Db } from './connect.ts'
import { type ConsentAct, type ConsentDifference, columnsOf, recordConsent } from './consent.ts'
import { keepRefusalsNarrow, liftOptOuts, refuseThroughAddress } from './lift-opt-outs.ts'
import type { PreferenceScope } from './preferences.ts'
import type { Id } from './schema.ts'
import { setStatus } from './set-status.ts'
import { cancelDelays } from './settle-unsubscribe.ts'

/** Categories of one resource that a person switches on and off. */
export interface ConsentChange {
  on: readonly Id[]
  off: readonly Id[]
}

/**
 * A person's own change of mind. It holds for the address: every contact that has it now is changed alike, both ways,
 * and what it refuses for whoever gains it later. Switching on lifts the opt-outs that cover the resource so that
 * nothing but what was switched on comes back. Call it in a transaction, after `takeTurn(db)`.
 */
export async function changeConsent(
  db: Db,
  scope: PreferenceScope,
  { on, off }: ConsentChange,
  act: ConsentAct,
): Promise<void> {
  if (on.length + off.length === 0) return
  const holders = await holdersOf(db, scope)
  const events: ConsentDifference[] = []
  if (on.length > 0) {
    // Requests before subscriptions, as whoever ends requests takes them (db/opt-ins.ts).
    await confirmRequests(db, holders, on)
    await cancelDelays(db, { holders, resourceId: scope.resourceId, categories: on }, act.through)
    events.push(...(await liftOptOuts(db, { ...scope, holders, on }, act)))
    await keepRefusalsNarrow(db, scope, on)
    events.push(...(await setStatus(db, 'subscribed', { holders, categories: on }, act)))
  }
  await refuseThroughAddress(db, scope, off)
  events.push(...(await setStatus(db, 'unsubscribed', { holders, categories: off }, act)))
  await recordConsent(
    db,
    events.map((event) => ({
      ...columnsOf(act),
      channel: scope.channel,
      address_key: scope.keys[0] ?? null,
      ...event,
    })),
  )
}

/** Every contact that has the address, and the one whose page it is; none can be erased until the transaction ends. */
async function holdersOf(db: Db, { contactId, keys, channel }: PreferenceScope): Promise<Id[]> {
  const { rows } = await sql<{ id: Id }>`
    select id from holders_in_turn(${contactId}::bigint, ${byteaArray(keys)}, ${channel}) as id`.execute(db)
  return rows.map(({ id }) => id)
}

/** Who switches on themselves needs not be asked again by mail. */
async function confirmRequests(db: Db, holders: readonly Id[], categories: readonly Id[]): Promise<void> {
  await sql`
    with asked as materialized (
      select id from opt_in_request
      where state = 'pending' and contact_id = any(${holders}::bigint[]) and category_id = any(${categories}::bigint[])
      order by id for update
    )
    update opt_in_request set state = 'confirmed', settled_at = now() where id in (select id from asked)`.execute(db)
}
