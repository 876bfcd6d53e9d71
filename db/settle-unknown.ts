import { sql } from 'kysely'
import { Refusal } from '../domain/refusal.ts'
import type { Db } from './connect.ts'
import { recipientsTold } from './recipient-events.ts'
import type { Id } from './schema.ts'
import { tallied, wholeCampaign } from './tally.ts'

/**
 * What an operator found out about recipients of unknown fate: `sent`, the server took the message; `failed`, it did
 * not, and they are not tried again; `resend`, it did not, or a repetition does no harm: they are queued again.
 */
export type UnknownVerdict = 'sent' | 'failed' | 'resend'

/**
 * Settles recipients of unknown fate by an operator's word, all of them or those named. `resend` reopens a campaign
 * that is finished; its workflow has to be started again.
 * @returns how many were settled; those that are not `unknown` (any more) are left alone.
 * @throws {Refusal} for `resend` in a campaign that was cancelled.
 */
export async function settleUnknown(
  db: Db,
  campaignId: Id,
  verdict: UnknownVerdict,
  options: { by: string; seqs?: number[] },
): Promise<number> {
  return db.transaction().execute(async (db) => {
    if (verdict === 'resend') await reopen(db, campaignId)
    const { seqs } = options
    const { rows } = await sql<{ settled: number }>`
      with settled as (
        update recipient set ${verdict === 'resend' ? queuedAgain : endedAs(verdict)},
          response = ${`settled as ${verdict} by ${options.by}`}
        where campaign_id = ${campaignId} and state = 'unknown'
          ${seqs === undefined ? sql`` : sql`and seq = any(${seqs}::int[])`}
        returning seq, contact_id, state, reason, code, server_id
      ), written_down as (${tallied(
        campaignId,
        wholeCampaign,
        sql`select 'unknown' as was, state, count(*) as recipients from settled group by state`,
      )}), told as (${recipientsTold(campaignId)})
      select count(*)::int as settled from settled`.execute(db)
    return rows[0]?.settled ?? 0
  })
}

// Without the token: the owner of the claim, if it lives, has no more say in it.
const queuedAgain = sql`state = 'queued', claim_token = null, settled_at = null, not_before = null`

const endedAs = (verdict: 'sent' | 'failed') =>
  sql`state = ${sql.lit(verdict)}, settled_at = now(),
    reason = ${verdict === 'failed' ? sql.lit('settled_by_operator') : sql`null`}`

async function reopen(db: Db, campaignId: Id): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('campaign')
    .set({ state: 'sending', finished_at: null })
    .where('id', '=', campaignId)
    .where('state', 'in', ['sending', 'finished'])
    .executeTakeFirstOrThrow()
  if (numUpdatedRows === 1n) return
  throw new Refusal({
    field: 'verdict',
    rule: 'a campaign that was cancelled, or has not begun, sends nothing',
    remedy: 'Settle as sent or failed, and send to the rest with a campaign of its own.',
  })
}
