import type { Context } from 'hono'
import type { Logger } from 'pino'
import type { VerifiedToken } from '../../domain/link-token.ts'
import { answerProblem, problems } from './problem.ts'
import { wordingOf } from './reader.ts'

/** Forged and cut links get the same words: whoever makes links up learns nothing. The log tells them apart. */
export function refuseToken(c: Context, log: Logger, why: Exclude<VerifiedToken, { ok: true }>['why']) {
  log.info({ why }, 'unsubscribe link refused')
  const words = wordingOf(c)
  return answerProblem(c, why === 'retired_key' ? problems.retiredKey(words) : problems.badLink(words))
}
