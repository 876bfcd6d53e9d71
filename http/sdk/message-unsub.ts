import type { Context } from 'hono'
import { z } from 'zod'
import { type ApiKeyRow, useApiKey } from '../../db/api-keys.ts'
import type { Db } from '../../db/connect.ts'
import { findPageResource } from '../../db/page-access.ts'
import { unsubscribe } from '../../db/unsubscribe.ts'
import { allows, apiKeyHash } from '../../domain/api-key.ts'
import type { RateLimiter } from '../api/rate-limiter.ts'
import type { EdgeDeps, HttpEnv } from '../edge.ts'
import { type Fault, fault, isFault, readJson } from './json-body.ts'
import { goneFault, messageOf, targetOf } from './page-access.ts'

interface MessageUnsubDeps extends Pick<EdgeDeps, 'db' | 'tokens' | 'log'> {
  /** The APIs share it. */
  limiter: RateLimiter
}

const text = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[^\0]*$/, 'must hold no NUL')
export const categoryKeys = z.array(text).min(1, 'must name at least one, or be left out').max(1000)

/** Unknown fields are left alone: this is somebody else's format. */
const schema = z.object({ token: text, smid: text, rtoken: text, categories: categoryKeys.optional() })

/**
 * `POST /api/v1.1/profiles/message_unsub`, as Altcraft's clients call it: what a person confirmed on the resource's own
 * page. Without `categories` the contact leaves the resource. At once in every mode but `prohibited`; repeating it is
 * harmless.
 */
export const postMessageUnsub = (deps: MessageUnsubDeps) => async (c: Context<HttpEnv>) => {
  const problem = await carryOut(c, deps)
  if (problem === null) return c.json({ error: 0, error_text: 'Successful operation' })
  const { status, code, message } = problem
  return c.json({ error: status, code, error_text: message }, status)
}

async function carryOut(c: Context<HttpEnv>, deps: MessageUnsubDeps): Promise<Fault | null> {
  const { db, tokens, log } = deps
  const body = await readJson(c, schema)
  if (isFault(body)) return body
  const key = await keyOf(db, body.token)
  if (key === undefined) return fault(401, 'bad_token', 'token is not a key of this API, or may not do this.')
  const { waitSeconds } = deps.limiter.take(key.id, key.requestsPerSecond)
  if (waitSeconds > 0) {
    c.header('Retry-After', String(waitSeconds))
    return fault(429, 'rate_limited', `At most ${key.requestsPerSecond} requests a second.`)
  }
  const resource = await findPageResource(db, { token: body.rtoken }, key.accessGroup)
  if (resource === undefined) return fault(403, 'bad_rtoken', 'rtoken is not the token of a resource.')
  const claims = await messageOf(db, tokens, body.smid, resource)
  if (isFault(claims)) return claims
  const target = await targetOf(db, resource, body.categories, { kind: 'resource' })
  if (isFault(target)) return target
  const outcome = await unsubscribe(db, claims, actOf(key.name), target)
  log.info({ ...claims, through: 'api', key: key.name, outcome: outcome.kind }, 'unsubscribe')
  if (outcome.kind === 'gone') return goneFault
  if (outcome.kind === 'prohibited') return prohibitedFault(outcome.scope.prohibitedReason)
  return null
}

async function keyOf(db: Db, token: string): Promise<ApiKeyRow | undefined> {
  const hash = apiKeyHash(token)
  const key = hash === null ? undefined : await useApiKey(db, hash)
  return key !== undefined && allows(key.scopes, 'subscriptions:write') ? key : undefined
}

export const prohibitedFault = (reason: string | null): Fault =>
  fault(403, 'prohibited', reason ?? 'The resource lets nobody unsubscribe.')

/** What asks is a server: its address and its name for itself prove nothing about the person. */
const actOf = (name: string) =>
  ({
    through: 'api',
    actor: name,
    legalBasis: null,
    explanation: null,
    wording: null,
    ip: null,
    userAgent: null,
  }) as const
