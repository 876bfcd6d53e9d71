import { sql } from 'kysely'
import type { FailureReason } from '../domain/fate.ts'
import type { Sql } from './audience-facts.ts'
import type { Claimer } from './claim.ts'
import type { Db } from './connect.ts'
import { erasedAddress } from './erased-ledger.ts'
import { partitionOf } from './partition.ts'
import { recipientsTold } from './recipient-events.ts'
import { tallied } from './tally.ts'

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
export async function settle(db: Db, claimer: Claimer, channel: string, settlements: Settlement[]): Promise<number> {
  const settled = await settleFrom('claimed', db, claimer, channel, settlements)
  if (settled === settlements.length) return settled
  return settled + (await settleFrom('unknown', db, claimer, channel, settlements))
}

async function settleFrom(
  was: 'claimed' | 'unknown',
  db: Db,
  { campaignId, from, token }: Claimer,
  channel: string,
  settlements: Settlement[],
): Promise<number> {
  const fate = settlements.every((each) => each.state === 'sent') ? allSent(settlements) : mixed(settlements)
  const { rows } = await sql<{ settled: number }>`
    with fate as (${fate}), settled as (
      update ${partitionOf(campaignId)} r set
        state = fate.state, reason = fate.reason, code = fate.code, response = ${responseKept},
        server_id = fate.server_id, not_before = now() + make_interval(secs => fate.delay),
        settled_at = case when fate.state = 'queued' then null else now() end
      from fate
      where r.campaign_id = ${campaignId} and r.seq = fate.seq
        and r.claim_token = ${token}::uuid and r.state = ${sql.lit(was)}
      returning r.seq, r.contact_id, r.address_key, fate.dead_seq, r.response, r.state, r.reason, r.code, r.server_id
    ), suppressed as (
      insert into suppression (address_key, channel, kind, reason)
      select distinct on (address_key) address_key, ${channel}, 'bounced', response from settled where dead_seq is not null
      on conflict do nothing
    ), written_down as (${tallied(
      campaignId,
      // Beside the claims of the same range: the two overlap.
      -from,
      sql`select ${sql.lit(was)} as was, state, count(*) as recipients from settled group by state`,
    )}), told as (${recipientsTold(campaignId)})
    select count(*)::int as settled from settled`.execute(db)
  return rows[0]?.settled ?? 0
}

/** Answers repeat addresses: of who was erased while the message was under way none is kept. */
const responseKept = sql`case when r.address <> ${sql.lit(erasedAddress)} then fate.response end`

type Sent = Extract<Settlement, { state: 'sent' }>

/** As nearly every group is: with three arrays to be written and read instead of eight. */
const allSent = (settlements: Sent[]): Sql => sql`
      select seq, 'sent' as state, null as reason, null::int as code, response, server_id, null::int as delay,
        null::int as dead_seq
      from unnest(
        ${settlements.map((each) => each.seq)}::int[], ${settlements.map((each) => each.response)}::text[],
        ${settlements.map((each) => each.serverId)}::text[]
      ) as f (seq, response, server_id)`

function mixed(settlements: Settlement[]): Sql {
  const column = <T>(pick: (each: Settlement) => T): T[] => settlements.map(pick)
  return sql`
      select * from unnest(
        ${column((each) => each.seq)}::int[], ${column((each) => each.state)}::text[],
        ${column((each) => (each.state === 'failed' ? each.reason : null))}::text[],
        ${column((each) => ('code' in each ? each.code : null))}::int[], ${column((each) => each.response)}::text[],
        ${column((each) => (each.state === 'sent' ? each.serverId : null))}::text[],
        ${column((each) => (each.state === 'queued' ? each.delaySeconds : null))}::int[],
        ${column(deadSeq)}::int[]
      ) as f (seq, state, reason, code, response, server_id, delay, dead_seq)`
}

// The driver takes an array's type from its first element, and has none for boolean[]: a position says it as well.
const deadSeq = (each: Settlement): number | null => (each.state === 'failed' && each.addressIsDead ? each.seq : null)
