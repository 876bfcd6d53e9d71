import fc from 'fast-check'
import { sql } from 'kysely'
import type { Db } from '../../db/connect.ts'
import type { ConsentAct } from '../../db/consent.ts'
import type { Id, SubscriptionStatus } from '../../db/schema.ts'

/** A text that PostgreSQL can hold: any Unicode, control characters and quotes among it, but U+0000. */
export const storedText = fc
  .oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('"', '\\', '\n', '\t', '\u0001', '\u001f', '\u007f', '\u2028', '😀', ', ') }),
  )
  .map((text) => text.replaceAll('\0', ''))

/** How an operator changes somebody's consent. */
export const operatorAct: ConsentAct = {
  through: 'operator',
  actor: 'ada',
  legalBasis: 'CONSENT_WITH_NOTICE',
  explanation: 'asked for by phone',
  wording: null,
  ip: null,
  userAgent: null,
  campaignId: null,
}

/** A contact's status in a category as `consent_of` reckons it, and where it has it from. */
export interface ModelledConsent {
  status: SubscriptionStatus | 'not_subscribed'
  source: 'everything' | 'resource' | 'category'
}

/** The precedence in TypeScript: everything, then the resource, then what was said, then what silence means. */
export function modelledConsent(
  said: SubscriptionStatus | null,
  optOuts: readonly { resourceId: Id | null; channel: string | null }[],
  category: { resourceId: Id; consent: 'opt_in' | 'opt_out' },
  channel: string,
): ModelledConsent {
  const holding = optOuts.filter((each) => each.channel === null || each.channel === channel)
  if (holding.some(({ resourceId }) => resourceId === null)) return { status: 'unsubscribed', source: 'everything' }
  if (holding.some(({ resourceId }) => resourceId === category.resourceId))
    return { status: 'unsubscribed', source: 'resource' }
  return { status: said ?? (category.consent === 'opt_out' ? 'subscribed' : 'not_subscribed'), source: 'category' }
}

/** Whoever may change what triggers protect: a superuser with bad intentions. */
export async function tamper(db: Db, change: (db: Db) => Promise<unknown>): Promise<void> {
  await db.transaction().execute(async (db) => {
    await sql`set local session_replication_role = 'replica'`.execute(db)
    await change(db)
  })
}
