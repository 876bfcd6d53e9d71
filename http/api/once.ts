import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { beginOnce, forgetRequest, type OnceRequest, storeAnswer } from '../../db/api-answers.ts'
import type { ApiKeyRow } from '../../db/api-keys.ts'
import type { Db } from '../../db/connect.ts'
import { Refusal } from '../../domain/refusal.ts'
import { ApiError } from './api-error.ts'

/** The idempotency key of a request, and what it stands for; null when it has none. @throws {Refusal} for a bad one. */
export function onceRequest(c: Context, caller: ApiKeyRow, text: string): OnceRequest | null {
  const idempotencyKey = c.req.header('idempotency-key')
  if (idempotencyKey === undefined) return null
  if (!/^[\x21-\x7e]{1,200}$/.test(idempotencyKey))
    throw new Refusal({
      field: 'Idempotency-Key',
      rule: 'must be 1 to 200 visible ASCII characters',
      remedy: 'Use a UUID for each request that is to happen once.',
    })
  const requestHash = createHash('sha256')
    .update(JSON.stringify([c.req.method, c.req.path, text]))
    .digest()
  return { apiKeyId: caller.id, idempotencyKey, requestHash }
}

/**
 * Carries a request out once for its key; later the same answer is given again, a refusal too. What failed for reasons
 * that pass is not kept.
 * @throws ApiError 409 while another one carries it out, 422 when the key was used for another request.
 */
export async function answerOnce(
  c: Context,
  { db }: { db: Db },
  request: OnceRequest,
  carryOut: () => Promise<Response>,
): Promise<Response> {
  const found = await beginOnce(db, request)
  switch (found.kind) {
    case 'other':
      throw new ApiError('other_request', 'Use another Idempotency-Key for another request.')
    case 'running':
      throw new ApiError('conflict', 'A request with this Idempotency-Key is being carried out; ask again in a while.')
    case 'answered':
      return replayed(c, found.status, found.body)
    case 'first': {
      const response = await carryOut()
      if (response.status >= 500) await forgetRequest(db, request)
      else await storeAnswer(db, request, response.status, withoutSecrets(await response.clone().text()))
      return response
    }
  }
}

const secrets = ['secret', 'token']

/** A secret is shown once, to whoever asked first. */
const withoutSecrets = (body: string): string =>
  body === ''
    ? ''
    : JSON.stringify(JSON.parse(body), (name, value: unknown) => (secrets.includes(name) ? undefined : value))

const replayed = (c: Context, status: number, body: string): Response =>
  c.body(body, status as 200, {
    'Content-Type': status >= 400 ? 'application/problem+json' : 'application/json',
    'Idempotency-Replayed': 'true',
  })
