import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { Logger } from 'pino'
import type { Db } from '../db/connect.ts'
import { describeUnsubscribe } from '../db/describe-unsubscribe.ts'
import { unsubscribe } from '../db/unsubscribe.ts'
import type { Tokens, VerifiedToken } from '../domain/link-token.ts'
import { actOf } from './consent-act.ts'
import { manageLink } from './manage-link.ts'
import { answerPage } from './page.ts'
import { answerProblem, problems } from './problem.ts'
import { wordingOf } from './reader.ts'
import { confirmPage, resultPage } from './unsubscribe-page.ts'

/** Behind Node's server the bindings are its request and response; in a test without a socket there are none. */
export interface HttpEnv {
  Bindings: Partial<HttpBindings>
}
type TokenContext = Context<HttpEnv, '/u/:token'>

export interface UnsubscribeDeps {
  db: Db
  tokens: Tokens
  log: Logger
}

/** GET and HEAD: says what the link would do, and does nothing. */
export const showUnsubscribe =
  ({ db, tokens, log }: UnsubscribeDeps) =>
  async (c: TokenContext) => {
    const verified = tokens.verify(c.req.param('token'), 'unsubscribe')
    if (!verified.ok) return refuseToken(c, log, verified.why)
    const found = await describeUnsubscribe(db, verified.claims)
    if (found.kind === 'gone') return answerProblem(c, problems.gone(wordingOf(c)))
    const words = wordingOf(c, found.scope.language)
    const manage = manageLink(words.language, tokens, verified.claims)
    return answerPage(
      c,
      found.kind === 'subscribed'
        ? confirmPage(words, found.scope, manage)
        : resultPage(words, found.kind, found.scope, manage),
    )
  }

/**
 * POST: unsubscribes at once (RFC 8058). The body is never read: whatever it holds, however long it is and however
 * slowly it comes, the request means the same.
 */
export const postUnsubscribe =
  ({ db, tokens, log }: UnsubscribeDeps) =>
  async (c: TokenContext) => {
    const verified = tokens.verify(c.req.param('token'), 'unsubscribe')
    if (!verified.ok) return refuseToken(c, log, verified.why)
    const act = actOf(c)
    const outcome = await unsubscribe(db, verified.claims, act)
    log.info({ ...verified.claims, through: act.through, outcome: outcome.kind }, 'unsubscribe')
    if (outcome.kind === 'gone') return answerProblem(c, problems.gone(wordingOf(c)))
    const words = wordingOf(c, outcome.scope.language)
    return act.through === 'page'
      ? answerPage(
          c,
          resultPage(words, outcome.kind, outcome.scope, manageLink(words.language, tokens, verified.claims)),
        )
      : c.text(`${words[outcome.kind]}.\n`)
  }

/** Forged and cut links get the same words: whoever makes links up learns nothing. The log tells them apart. */
export function refuseToken(c: Context, log: Logger, why: Exclude<VerifiedToken, { ok: true }>['why']) {
  log.info({ why }, 'unsubscribe link refused')
  const words = wordingOf(c)
  return answerProblem(c, why === 'retired_key' ? problems.retiredKey(words) : problems.badLink(words))
}
