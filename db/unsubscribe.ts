import { sql } from 'kysely'
import type { TokenClaims } from '../domain/link-token.ts'
import type { Db } from './connect.ts'
import type { ConsentAct } from './consent.ts'
import { anythingRefused, refusalTables } from './refuse.ts'
import { type LinkTarget, scopeTables, scopeWith, type UnsubscribeScope } from './unsubscribe-scope.ts'

/**
 * - `unsubscribed`: just now.
 * - `already`: everything that the link can refuse was refused before.
 * - `prohibited`: the resource lets nobody unsubscribe; nothing was changed.
 * - `gone`: nothing is known any more of what the link is about.
 */
export type UnsubscribeOutcome =
  | { kind: 'unsubscribed' | 'already' | 'prohibited'; scope: UnsubscribeScope }
  | { kind: 'gone' }

/**
 * Refuses what a message's link is about, by default the categories that made the recipient eligible, or the resource
 * on the message's channel when the message had none (SPEC: unsubscribing). What a "no" reaches: db/refuse.ts.
 */
export async function unsubscribe(
  db: Db,
  claims: TokenClaims,
  act: Omit<ConsentAct, 'campaignId'>,
  target: LinkTarget = { kind: 'eligible' },
): Promise<UnsubscribeOutcome> {
  const { campaignId, contactId } = claims
  const refusing = { campaignId, contactId, tables: scopeTables(claims, target) }
  const { rows } = await sql<UnsubscribeScope & { changed: boolean }>`
    with ${refusalTables(refusing, { ...act, campaignId })}
    ${scopeWith(sql`${anythingRefused} as changed`)}`.execute(db)
  if (rows[0] === undefined) return { kind: 'gone' }
  const { changed, ...scope } = rows[0]
  if (scope.mode === 'prohibited') return { kind: 'prohibited', scope }
  return { kind: changed ? 'unsubscribed' : 'already', scope }
}
