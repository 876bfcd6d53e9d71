import type { Context } from 'hono'
import { z } from 'zod'
import { findPageResource } from '../db/page-access.ts'
import { unsubscribe } from '../db/unsubscribe.ts'
import { type Fault, fault, isFault, readJson } from './json-body.ts'
import { goneFault, messageOf, targetOf } from './page-access.ts'
import type { HttpEnv, UnsubscribeDeps } from './unsubscribe.ts'

/** Whose API key a token is; null when it is nobody's, or may not do this. */
export type Authorise = (token: string) => Promise<{ name: string } | null>

export interface MessageUnsubDeps extends Pick<UnsubscribeDeps, 'db' | 'tokens' | 'log'> {
  authorise: Authorise
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

async function carryOut(c: Context<HttpEnv>, { db, tokens, log, authorise }: MessageUnsubDeps): Promise<Fault | null> {
  const body = await readJson(c, schema)
  if (isFault(body)) return body
  const key = await authorise(body.token)
  if (key === null) return fault(401, 'bad_token', 'token is not a key of this API, or may not do this.')
  const resource = await findPageResource(db, { token: body.rtoken })
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
