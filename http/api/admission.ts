import type { Context } from 'hono'
import { type ApiKeyRow, useApiKey } from '../../db/api-keys.ts'
import { allows, apiKeyHash } from '../../domain/api-key.ts'
import { ApiError } from './api-error.ts'
import type { RateLimiter } from './rate-limiter.ts'
import type { ApiDeps, Route } from './route.ts'

/**
 * The one door of the APIs: key, rate, scope, access group, in this order and before the body is read. Without a valid
 * key every request to a route gets the same answer, whatever it asks for.
 */
export async function admit(
  c: Context,
  { scope, whole }: Route,
  { db }: ApiDeps,
  limiter: RateLimiter,
): Promise<ApiKeyRow | null> {
  if (scope === 'public') return null
  const key = await keyOf(c, db)
  const { headers, waitSeconds } = limiter.take(key.id, key.requestsPerSecond)
  for (const [name, value] of Object.entries(headers)) c.header(name, value)
  if (waitSeconds > 0)
    throw new ApiError('rate_limited', `At most ${key.requestsPerSecond} requests a second.`, {
      headers: { ...headers, 'Retry-After': String(waitSeconds) },
    })
  if (!allows(key.scopes, scope)) throw new ApiError('missing_scope', `It takes the scope ${scope}.`, { scope })
  if (whole === true && key.accessGroup !== null)
    throw new ApiError('missing_scope', 'It concerns the whole installation, and the key one access group.', { scope })
  return key
}

async function keyOf(c: Context, db: ApiDeps['db']): Promise<ApiKeyRow> {
  const [, written] = /^Bearer +(\S+) *$/i.exec(c.req.header('authorization') ?? '') ?? []
  const hash = written === undefined ? null : apiKeyHash(written)
  const key = hash === null ? undefined : await useApiKey(db, hash)
  if (key !== undefined) return key
  // The same words for none, a forged and a revoked one.
  throw new ApiError('unauthenticated', 'Send an API key that is in use, as Authorization: Bearer adr_…', {
    headers: { 'WWW-Authenticate': 'Bearer realm="addressee"' },
  })
}
