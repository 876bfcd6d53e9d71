import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import type { Logger } from 'pino'
import { isLostDatabase } from '../../db/lost-database.ts'
import { Refusal, Unavailable } from '../../domain/refusal.ts'
import { ApiError, type ApiErrorKind } from '../api/api-error.ts'
import { logged } from '../api/problem-answer.ts'

/** What HubSpot says for which reason (developers.hubspot.com, "Error handling"). */
const categories: Record<ApiErrorKind, string> = {
  bad_request: 'VALIDATION_ERROR',
  invalid: 'VALIDATION_ERROR',
  unauthenticated: 'INVALID_AUTHENTICATION',
  missing_scope: 'MISSING_SCOPES',
  not_found: 'OBJECT_NOT_FOUND',
  method_not_allowed: 'METHOD_NOT_ALLOWED',
  conflict: 'CONFLICT',
  too_large: 'VALIDATION_ERROR',
  unsupported_media_type: 'VALIDATION_ERROR',
  other_request: 'VALIDATION_ERROR',
  rate_limited: 'RATE_LIMITS',
}

interface Said {
  status: number
  category: string
  message: string
  correlationId?: string
  policyName?: string
  errors?: { message: string; context: Record<string, string[]> }[]
}

/** Whatever was thrown, as HubSpot's clients read errors. */
export function answerHubSpotError(c: Context, error: unknown, log: Logger): Response {
  const { status, correlationId = randomUUID(), ...body } = said(error, log)
  const headers = error instanceof ApiError ? error.details.headers : undefined
  return c.json({ status: 'error', correlationId, ...body }, status as 400, headers)
}

function said(error: unknown, log: Logger): Said {
  if (error instanceof Refusal) return { status: 400, category: 'VALIDATION_ERROR', message: error.message }
  if (error instanceof ApiError) return saidOf(error)
  const correlationId = logged(error, log)
  return error instanceof Unavailable || isLostDatabase(error)
    ? { status: 503, category: 'SERVICE_UNAVAILABLE', message: 'a server does not answer', correlationId }
    : { status: 500, category: 'INTERNAL_ERROR', message: 'internal error', correlationId }
}

function saidOf({ kind, status, message, details }: ApiError): Said {
  const bare = { status, category: categories[kind], message }
  if (kind === 'bad_request') return { ...bare, message: `Invalid input JSON: ${message}` }
  if (kind === 'rate_limited') return { ...bare, policyName: 'SECONDLY' }
  if (details.scope === undefined) return bare
  const context = { requiredScopes: [details.scope] }
  return { ...bare, errors: [{ message: 'One or more of the following scopes are required.', context }] }
}
