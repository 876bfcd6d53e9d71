import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import type { Logger } from 'pino'
import { z } from 'zod'
import { isLostDatabase } from '../../db/lost-database.ts'
import { Refusal, Unavailable } from '../../domain/refusal.ts'
import { ApiError, apiErrors } from './api-error.ts'

/** RFC 9457, with what a `Refusal` says. */
export const problem = z
  .object({
    type: z.string().describe('urn:addressee:problem: and the kind of problem.'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    field: z.string().optional().describe('The field that is wrong, as a path.'),
    rule: z.string().optional().describe('The rule that it breaks.'),
    remedy: z.string().optional().describe('What to do about it.'),
    errorId: z.string().optional().describe('What the log calls it.'),
  })
  .meta({ id: 'Problem' })
type Problem = z.output<typeof problem>

/** Whatever was thrown, as problem+json. */
export function answerProblem(c: Context, error: unknown, log: Logger): Response {
  const { kind, ...body } = problemOf(error, log)
  const headers = error instanceof ApiError ? error.details.headers : undefined
  const whole = { type: `urn:addressee:problem:${kind}`, ...body }
  return c.body(JSON.stringify(whole), body.status as 400, { ...headers, 'Content-Type': 'application/problem+json' })
}

function problemOf(error: unknown, log: Logger): Omit<Problem, 'type'> & { kind: string } {
  if (error instanceof Refusal)
    return { kind: 'refused', title: 'Refused', status: 422, detail: error.message, ...error.details }
  if (error instanceof ApiError)
    return { kind: error.kind, title: apiErrors[error.kind].title, status: error.status, detail: error.message }
  if (error instanceof Unavailable)
    return { kind: 'unavailable', title: 'A server does not answer', status: 503, detail: error.message }
  const errorId = logged(error, log)
  if (isLostDatabase(error))
    return { kind: 'unavailable', title: 'A server does not answer', status: 503, detail: lostDatabase, errorId }
  const detail = `Try again in a while; if it fails again, tell the operator the error ${errorId}.`
  return { kind: 'failed', title: 'That did not work', status: 500, detail, errorId }
}

const lostDatabase = 'PostgreSQL does not answer. Repeat the request later: what was done already is not done twice.'

/** @returns the id under which the log has it. */
export function logged(error: unknown, log: Logger): string {
  const errorId = randomUUID()
  log.error({ err: error, errorId }, 'request failed')
  return errorId
}
