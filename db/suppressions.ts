import { sql } from 'kysely'
import type { SuppressionKind } from '../domain/audience-rule.ts'
import type { Db } from './connect.ts'

/** An address that must not be mailed. The address itself is not kept, only the key by which it is known again. */
export interface SuppressionRow {
  addressKey: Buffer
  channel: string
  kind: SuppressionKind
  reason: string | null
  createdAt: Date
}

const shown = sql`address_key as "addressKey", channel, kind, reason, created_at as "createdAt"`

/** Suppresses an address. One that is suppressed already stays so, for the reason that came first. */
export async function suppressAddress(
  db: Db,
  suppression: Omit<SuppressionRow, 'createdAt'>,
): Promise<{ row: SuppressionRow; created: boolean }> {
  const { addressKey, channel, kind, reason } = suppression
  const inserted = await sql<SuppressionRow>`
    insert into suppression (address_key, channel, kind, reason) values (${addressKey}, ${channel}, ${kind}, ${reason})
    on conflict do nothing returning ${shown}`.execute(db)
  const [row] = inserted.rows
  if (row !== undefined) return { row, created: true }
  const held = await findSuppression(db, addressKey, channel)
  // Lifted in between: then it is suppressed anew.
  return held === undefined ? suppressAddress(db, suppression) : { row: held, created: false }
}

export async function findSuppression(
  db: Db,
  addressKey: Buffer,
  channel: string,
): Promise<SuppressionRow | undefined> {
  const { rows } = await sql<SuppressionRow>`
    select ${shown} from suppression where address_key = ${addressKey} and channel = ${channel}`.execute(db)
  return rows[0]
}

/** @returns whether there was one. */
export async function liftSuppression(db: Db, addressKey: Buffer, channel: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    delete from suppression where address_key = ${addressKey} and channel = ${channel}`.execute(db)
  return (numAffectedRows ?? 0n) > 0n
}

/** In the order of the primary key. */
export async function pageOfSuppressions(
  db: Db,
  page: { after: Pick<SuppressionRow, 'addressKey' | 'channel'> | null; limit: number },
): Promise<SuppressionRow[]> {
  const { rows } = await sql<SuppressionRow>`
    select ${shown} from suppression
    where (address_key, channel) > (${page.after?.addressKey ?? Buffer.alloc(0)}, ${page.after?.channel ?? ''})
    order by address_key, channel limit ${page.limit}`.execute(db)
  return rows
}
