import { sql } from 'kysely'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'

/** One POST that is to be carried out once. */
export interface OnceRequest {
  apiKeyId: Id
  idempotencyKey: string
  /** SHA-256 of method, path and body: of the request itself nothing is kept. */
  requestHash: Buffer
}

/**
 * - `first`: carry it out, then call `storeAnswer` or `forgetRequest`.
 * - `answered`: it was carried out before, and this was the answer.
 * - `running`: another one carries it out right now.
 * - `other`: the key belongs to a request that was different.
 */
export type OnceOutcome =
  | { kind: 'first' }
  | { kind: 'answered'; status: number; body: string }
  | { kind: 'running' }
  | { kind: 'other' }

interface AnswerRow {
  isFirst: boolean
  isSame: boolean
  status: number | null
  body: string | null
}

// Whoever has not answered within a minute has died: no request of ours takes as long.
const abandoned = sql`api_answer.status is null and api_answer.created_at < now() - interval '1 minute'`
const expired = sql`api_answer.created_at < now() - interval '24 hours'`

/** Claims an idempotency key for 24 hours, or says who has it. */
export async function beginOnce(db: Db, request: OnceRequest): Promise<OnceOutcome> {
  const { apiKeyId, idempotencyKey, requestHash } = request
  await sql`delete from api_answer where ${expired}`.execute(db)
  const { rows } = await sql<AnswerRow>`
    with claimed as (
      insert into api_answer (api_key_id, idempotency_key, request_hash)
      values (${apiKeyId}::bigint, ${idempotencyKey}, ${requestHash})
      on conflict (api_key_id, idempotency_key) do update set created_at = now()
        where ${abandoned} and api_answer.request_hash = excluded.request_hash
      returning 1
    )
    select exists (select from claimed) as "isFirst", held.request_hash = ${requestHash} as "isSame", held.status, held.body
    from (values (1)) as one left join api_answer as held
      on held.api_key_id = ${apiKeyId}::bigint and held.idempotency_key = ${idempotencyKey}`.execute(db)
  return outcomeOf(rows[0])
}

function outcomeOf(row: AnswerRow | undefined): OnceOutcome {
  if (row?.isFirst === true) return { kind: 'first' }
  // Null: it was claimed after this statement began.
  if (row?.isSame === false) return { kind: 'other' }
  if (row === undefined || row.status === null || row.body === null) return { kind: 'running' }
  return { kind: 'answered', status: row.status, body: row.body }
}

export async function storeAnswer(db: Db, request: OnceRequest, status: number, body: string): Promise<void> {
  await sql`
    update api_answer set status = ${status}, body = ${body}
    where api_key_id = ${request.apiKeyId}::bigint and idempotency_key = ${request.idempotencyKey}`.execute(db)
}

/** It failed for a reason that may pass: the next attempt is the first again. */
export async function forgetRequest(db: Db, request: OnceRequest): Promise<void> {
  await sql`
    delete from api_answer
    where api_key_id = ${request.apiKeyId}::bigint and idempotency_key = ${request.idempotencyKey}`.execute(db)
}
