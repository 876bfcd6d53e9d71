import { sql } from 'kysely'
import type { OnUncertain } from '../domain/campaign-state.ts'
import type { Fate } from '../domain/fate.ts'
import type { Sql } from './audience-facts.ts'
import type { Claimer } from './claim.ts'
import type { Db } from './connect.ts'
import { partitionOf } from './partition.ts'
import type { Id } from './schema.ts'
import { tallied, wholeCampaign } from './tally.ts'

/** Gives claims back untouched: nothing was handed to a server for them. */
export async function release(db: Db, claimer: Claimer, seqs: number[]): Promise<void> {
  if (seqs.length > 0) await releaseWhere(db, claimer, sql`seq = any(${seqs}::int[])`)
}

/**
 * Gives back every claim that its owner has left open. Only for an attempt that has settled whatever it handed over:
 * then these are claims whose answer was lost with a connection, and it never knew of them.
 */
export const releaseRest = (db: Db, claimer: Claimer): Promise<void> =>
  releaseWhere(db, claimer, sql`seq between ${claimer.from} and ${claimer.to}`)

async function releaseWhere(db: Db, { campaignId, from, token }: Claimer, which: Sql): Promise<void> {
  await sql`
    with released as (
      update ${partitionOf(campaignId)} set state = 'queued', attempts = attempts - 1, claim_token = null, claimed_at = null
      where campaign_id = ${campaignId} and ${which}
        and claim_token = ${token}::uuid and state = 'claimed'
      returning 1
    ) ${tallied(campaignId, from, sql`select 'claimed' as was, 'queued' as state, count(*) as recipients from released`)}`.execute(
    db,
  )
}

/**
 * Deals with claims of earlier attempts on this range. Whoever made them may be dead, or alive and slow; either way
 * nobody knows what was sent. `hold` makes them `unknown`, which only their owner or an operator can change;
 * `resend` queues them again.
 * @returns how many were open.
 */
export async function disownClaims(db: Db, claimer: Claimer, onUncertain: OnUncertain): Promise<number> {
  const { campaignId, from, to, token } = claimer
  const state = onUncertain === 'hold' ? 'unknown' : 'queued'
  const { rows } = await sql<{ disowned: number }>`
    with disowned as (
      update ${partitionOf(campaignId)} set
        state = ${state},
        claim_token = ${onUncertain === 'hold' ? sql`claim_token` : sql`null`},
        settled_at = ${onUncertain === 'hold' ? sql`now()` : sql`null`},
        response = 'the worker that claimed this recipient did not report back'
      where campaign_id = ${campaignId} and seq between ${from} and ${to}
        and state = 'claimed' and claim_token <> ${token}::uuid
      returning 1
    ), written_down as (${tallied(
      campaignId,
      from,
      sql`select 'claimed' as was, ${sql.lit(state)} as state, count(*) as recipients from disowned`,
    )})
    select count(*)::int as disowned from disowned`.execute(db)
  return rows[0]?.disowned ?? 0
}

/** What is left to do of a campaign whose ranges have all been dispatched. */
export async function outstanding(
  db: Db,
  campaignId: Id,
): Promise<{ queued: number; claimed: number; retryAt: Date | null }> {
  const { rows } = await sql<{ queued: number; claimed: number; retryAt: Date | null }>`
    select count(*) filter (where state = 'queued')::int as queued,
      count(*) filter (where state = 'claimed')::int as claimed,
      min(coalesce(not_before, now())) filter (where state = 'queued') as "retryAt"
    from recipient where campaign_id = ${campaignId} and state in ('queued', 'claimed')`.execute(db)
  return rows[0] ?? { queued: 0, claimed: 0, retryAt: null }
}

/** A cancelled campaign sends to nobody who still waited; every recipient gets its final fate. */
export async function skipQueued(db: Db, campaignId: Id): Promise<void> {
  await sql`
    with dropped as (
      update recipient set state = 'skipped', reason = 'cancelled', settled_at = now()
      where campaign_id = ${campaignId} and state = 'queued'
      returning 1
    ) ${tallied(campaignId, wholeCampaign, sql`select 'queued' as was, 'skipped' as state, count(*) as recipients from dropped`)}`.execute(
    db,
  )
}

export interface RecipientRow {
  seq: number
  contactId: Id
  address: string
  state: Fate
  reason: string | null
  code: number | null
  response: string | null
  attempts: number
  serverId: string | null
  settledAt: Date | null
}

/** A page of the ledger in the order of seq. */
export async function pageOfRecipients(
  db: Db,
  campaignId: Id,
  page: { after: number; limit: number; state?: Fate },
): Promise<RecipientRow[]> {
  return db
    .selectFrom('recipient')
    .select([
      'seq',
      'contact_id as contactId',
      'address',
      'state',
      'reason',
      'code',
      'response',
      'attempts',
      'server_id as serverId',
      'settled_at as settledAt',
    ])
    .where('campaign_id', '=', campaignId)
    .where('seq', '>', page.after)
    .$if(page.state !== undefined, (query) => query.where('state', '=', page.state as Fate))
    .orderBy('seq')
    .limit(page.limit)
    .execute()
}
