import { log } from '@temporalio/activity'
import type { Db } from '../db/connect.ts'
import { type AttemptEnd, type Deliverer, type DueDelivery, recordAttempt, type Target } from '../db/deliveries.ts'
import { retryAfterSeconds, waitAfter } from '../domain/webhook-retry.ts'
import { signatureHeaders } from '../domain/webhook-signature.ts'
import { type Guard, type GuardedResponse, guardedPost } from './guarded-fetch.ts'

/** On whose behalf events are posted, and with what. */
export interface Delivering {
  db: Db
  guard: Guard
  deliverer: Deliverer
  /** Counted up as it goes. */
  progress: { delivered: number; failedAttempts: number }
}

/**
 * One attempt: posts an event, and records how that ended.
 * @returns `maySendMore`: whether the receiver takes others meanwhile.
 */
export async function postEvent(
  delivery: DueDelivery,
  target: Target,
  { db, guard, deliverer: { webhookId }, progress }: Delivering,
): Promise<{ isDelivered: boolean; maySendMore: boolean }> {
  const answer = await guardedPost(guard, { url: target.url, ...messageOf(delivery, target) }).catch(errorOf)
  const attempt = delivery.attempts + 1
  const end = endOf(attempt, answer)
  await recordAttempt(db, webhookId, delivery, end)
  if (end.state === 'delivered') {
    progress.delivered += 1
    return { isDelivered: true, maySendMore: true }
  }
  progress.failedAttempts += 1
  const { state, status, error } = end
  log.warn('webhook attempt failed', { webhookId, eventId: delivery.eventId, attempt, state, status, error })
  return { isDelivered: false, maySendMore: end.state === 'pending' ? end.holdAll === null : !end.gone }
}

const errorOf = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

/** Byte for byte the same at every attempt, except for the time and what follows from it. */
function messageOf({ eventId, kind, at, payload }: DueDelivery, { secrets }: Target) {
  const body = JSON.stringify({ type: kind, timestamp: at.toISOString(), data: payload })
  const signature = signatureHeaders({ id: `evt_${eventId}`, at: new Date(), body }, secrets)
  return { body, headers: { 'content-type': 'application/json', ...signature } }
}

/** What an answer means: 2xx is a yes, 410 never again, and everything else later. */
function endOf(attempt: number, answer: GuardedResponse | Error): AttemptEnd {
  if (answer instanceof Error) return notYet(attempt, { status: null, error: messageOfError(answer), asked: null })
  const { status, headers } = answer
  if (status >= 200 && status < 300) return { state: 'delivered', status }
  const error = status >= 300 && status < 400 ? `answers ${status}: redirects are not followed` : `answers ${status}`
  if (status === 410) return { state: 'failed', status, error, gone: true }
  const speaksOfAll = status === 429 || status === 503
  const asked = speaksOfAll ? retryAfterSeconds(headers['retry-after'] as string | undefined, new Date()) : null
  return notYet(attempt, { status, error, asked })
}

/** @param asked seconds for which the receiver wants to be left in peace. */
function notYet(
  attempt: number,
  { status, error, asked }: { status: number | null; error: string; asked: number | null },
): AttemptEnd {
  const wait = waitAfter(attempt)
  if (wait === null) return { state: 'failed', status, error, gone: false }
  return { state: 'pending', status, error, wait: Math.max(wait, asked ?? 0), holdAll: asked }
}

/** Where several addresses were tried the message is empty. */
function messageOfError(error: Error): string {
  const { message, code } = error as NodeJS.ErrnoException
  return (message || (code ?? error.name)).replaceAll(/\p{Cc}/gu, ' ').slice(0, 500)
}
