import { sql } from 'kysely'
import type { SkipReason } from '../domain/audience-rule.ts'
import type { OnUncertain } from '../domain/campaign-state.ts'
import { type FailureReason, type Fate, type FateCounts, noFates } from '../domain/fate.ts'
import { factsOfFew, reason } from './audience-facts.ts'
import type { Db } from './connect.ts'
import type { Criteria } from './criteria.ts'
import type { Id } from './schema.ts'

/** Positions of the ledger that one dispatch works on, and the token of the attempt that does. */
export interface Claimer {
  campaignId: Id
  from: number
  to: number
  /** Made anew by every attempt: only the owner of a claim can settle it. */
  token: string
}

/** A recipient that this attempt may send to, with what its message is made of. */
export interface Claimed {
  seq: number
  attempts: number
  contactId: Id
  address: string
  firstName: string | null
  lastName: string | null
  externalId: string | null
  language: string | null
  timeZone: string | null
  attributes: Record<string, unknown>
}

export interface ClaimResult {
  claimed: Claimed[]
  /** Recipients that a rule dropped at the last moment: their `skipped` is recorded already. */
  skipped: number
  /** The last position looked at; null when nothing was found. */
  lastSeq: number | null
}

interface ClaimRow extends Claimed {
  reason: SkipReason | null
}

/**
 * Claims up to `limit` queued recipients for sending and judges the rules 2 and 4 to 8 again, in one statement: who
 * unsubscribed before it began is `skipped`, whatever was frozen. Claims nothing unless the campaign is sending and
 * not paused, which is how a pause takes effect whatever Temporal is doing.
 */
export async function claim(db: Db, criteria: Criteria, claimer: Claimer, limit: number): Promise<ClaimResult> {
  const rows = await claimRows(db, criteria, claimer, limit)
  const claimed = rows.filter((row) => row.reason === null)
  return { claimed, skipped: rows.length - claimed.length, lastSeq: rows.at(-1)?.seq ?? null }
}

async function claimRows(db: Db, criteria: Criteria, claimer: Claimer, limit: number): Promise<ClaimRow[]> {
  const { campaignId, from, to, token } = claimer
  // The address must be the contact's still: nobody is mailed at an address that was taken off the record.
  const address = sql`select contact_id, value as address, address_key from contact_address
    where contact_id = judged.contact_id and channel = ${criteria.channel} and value = judged.address and status = 'active'`
  const { rows } = await sql<ClaimRow>`
    with picked as materialized (
      select seq, contact_id, address from recipient
      where campaign_id = ${campaignId} and seq between ${from} and ${to} and state = 'queued'
        and (not_before is null or not_before <= now())
        and exists (select from campaign where id = ${campaignId} and state = 'sending' and paused_at is null)
      order by seq limit ${limit} for update skip locked
    ), judged as materialized (
      select picked.seq, verdict.category_ids, verdict.reason
      from picked join (
        select contact_id, category_ids, ${reason} as reason
        from (${factsOfFew(criteria, sql`select contact_id, address from picked`, { address, exclusions: false })}) as fact
      ) as verdict on verdict.contact_id = picked.contact_id
    ), changed as (
      update recipient r set
        state = case when judged.reason is null then 'claimed' else 'skipped' end,
        reason = judged.reason,
        category_ids = case when judged.reason is null then judged.category_ids else r.category_ids end,
        attempts = r.attempts + case when judged.reason is null then 1 else 0 end,
        claim_token = ${token}::uuid, claimed_at = now(),
        settled_at = case when judged.reason is null then null else now() end
      from judged where r.campaign_id = ${campaignId} and r.seq = judged.seq
      returning r.seq, r.attempts, r.contact_id, r.address, r.reason
    )
    select changed.seq, changed.attempts, changed.contact_id as "contactId", changed.address, changed.reason,
      c.first_name as "firstName", c.last_name as "lastName", c.external_id as "externalId", c.language,
      c.time_zone as "timeZone", c.attributes
    from changed
    -- offset 0 keeps this a look-up for each row, whatever the planner makes of the number of rows
    left join lateral (select * from contact where id = changed.contact_id offset 0) as c on true
    order by changed.seq`.execute(db)
  return rows
}

/** How one claimed recipient ended, as the ledger records it. */
export type Settlement = { seq: number } & (
  | { state: 'sent'; response: string; serverId: string | null }
  | { state: 'failed'; reason: FailureReason; code: number | null; response: string; addressIsDead: boolean }
  | { state: 'unknown'; response: string }
  | { state: 'queued'; code: number | null; response: string; delaySeconds: number }
)

/**
 * Records how claimed recipients ended, all in one statement; an address that is dead is suppressed with it.
 * A row is settled only by the token that claimed it: also late, when another attempt has declared it `unknown`.
 * @returns how many rows were settled.
 */
export async function settle(
  db: Db,
  claimer: Pick<Claimer, 'campaignId' | 'token'>,
  channel: string,
  settlements: Settlement[],
): Promise<number> {
  const column = <T>(pick: (each: Settlement) => T): T[] => settlements.map(pick)
  const { rows } = await sql<{ settled: number }>`
    with fate as (
      select * from unnest(
        ${column((each) => each.seq)}::int[], ${column((each) => each.state)}::text[],
        ${column((each) => (each.state === 'failed' ? each.reason : null))}::text[],
        ${column((each) => ('code' in each ? each.code : null))}::int[], ${column((each) => each.response)}::text[],
        ${column((each) => (each.state === 'sent' ? each.serverId : null))}::text[],
        ${column((each) => (each.state === 'queued' ? each.delaySeconds : null))}::int[],
        ${column(deadSeq)}::int[]
      ) as f (seq, state, reason, code, response, server_id, delay, dead_seq)
    ), settled as (
      update recipient r set
        state = fate.state, reason = fate.reason, code = fate.code, response = fate.response,
        server_id = fate.server_id, not_before = now() + make_interval(secs => fate.delay),
        settled_at = case when fate.state = 'queued' then null else now() end
      from fate
      where r.campaign_id = ${claimer.campaignId} and r.seq = fate.seq
        and r.claim_token = ${claimer.token}::uuid and r.state in ('claimed', 'unknown')
      returning r.address_key, fate.dead_seq, fate.response
    ), suppressed as (
      insert into suppression (address_key, channel, kind, reason)
      select distinct on (address_key) address_key, ${channel}, 'bounced', response from settled where dead_seq is not null
      on conflict do nothing
    )
    select count(*)::int as settled from settled`.execute(db)
  return rows[0]?.settled ?? 0
}

// The driver takes an array's type from its first element, and has none for boolean[]: a position says it as well.
const deadSeq = (each: Settlement): number | null => (each.state === 'failed' && each.addressIsDead ? each.seq : null)

/** Gives claims back untouched: nothing was handed to a server for them. */
export async function release(db: Db, claimer: Pick<Claimer, 'campaignId' | 'token'>, seqs: number[]): Promise<void> {
  await sql`
    update recipient set state = 'queued', attempts = attempts - 1, claim_token = null, claimed_at = null
    where campaign_id = ${claimer.campaignId} and seq = any(${seqs}::int[])
      and claim_token = ${claimer.token}::uuid and state = 'claimed'`.execute(db)
}

/**
 * Deals with claims of earlier attempts on this range. Whoever made them may be dead, or alive and slow; either way
 * nobody knows what was sent. `hold` makes them `unknown`, which only their owner or an operator can change;
 * `resend` queues them again.
 * @returns how many were open.
 */
export async function disownClaims(db: Db, claimer: Claimer, onUncertain: OnUncertain): Promise<number> {
  const { numAffectedRows } = await sql`
    update recipient set
      state = ${onUncertain === 'hold' ? 'unknown' : 'queued'},
      claim_token = ${onUncertain === 'hold' ? sql`claim_token` : sql`null`},
      settled_at = ${onUncertain === 'hold' ? sql`now()` : sql`null`},
      response = 'the worker that claimed this recipient did not report back'
    where campaign_id = ${claimer.campaignId} and seq between ${claimer.from} and ${claimer.to}
      and state = 'claimed' and claim_token <> ${claimer.token}::uuid`.execute(db)
  return Number(numAffectedRows ?? 0n)
}

/** Recipients of a range, or of the whole campaign, by fate. */
export async function countFates(db: Db, campaignId: Id, range?: { from: number; to: number }): Promise<FateCounts> {
  const rows = await db
    .selectFrom('recipient')
    .select(['state', sql<number>`count(*)::int`.as('count')])
    .where('campaign_id', '=', campaignId)
    .$if(range !== undefined, (query) => query.where(sql<boolean>`seq between ${range?.from} and ${range?.to}`))
    .groupBy('state')
    .execute()
  return { ...noFates(), ...Object.fromEntries(rows.map((row) => [row.state, row.count])) }
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
  await db
    .updateTable('recipient')
    .set({ state: 'skipped', reason: 'campaign_cancelled', settled_at: new Date() })
    .where('campaign_id', '=', campaignId)
    .where('state', '=', 'queued')
    .execute()
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
