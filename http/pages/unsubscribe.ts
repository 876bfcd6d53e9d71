import type { Context } from 'hono'
import { unsubscribe } from '../../db/unsubscribe.ts'
import type { EdgeDeps, HttpEnv } from '../edge.ts'
import { refuseToken } from './link.ts'
import { prohibition } from './mode-pages.ts'
import { pageAct } from './page-act.ts'
import { postFromPage } from './page-post.ts'
import { answerProblem, problems } from './problem.ts'
import { shownWording, wordingOf } from './reader.ts'
import { showLink } from './show-link.ts'

type TokenContext = Context<HttpEnv, '/u/:token'>

/** GET and HEAD: says what the link would do, and does nothing. */
export const showUnsubscribe = (deps: EdgeDeps) => async (c: TokenContext) => {
  const verified = deps.tokens.verify(c.req.param('token'), 'unsubscribe')
  return verified.ok ? showLink(c, deps, verified.claims) : refuseToken(c, deps.log, verified.why)
}

/**
 * POST: with the words that were shown, a button of our pages; without, a mail client's, which unsubscribes at once in
 * every mode but `prohibited` (RFC 8058). The body is never read: whatever it holds, however long it is and however
 * slowly it comes, the request means the same.
 */
export const postUnsubscribe = (deps: EdgeDeps) => async (c: TokenContext) => {
  const { db, tokens, log, clientAddress } = deps
  const verified = tokens.verify(c.req.param('token'), 'unsubscribe')
  if (!verified.ok) return refuseToken(c, log, verified.why)
  if (shownWording(c) !== null) return postFromPage(c, deps, verified.claims)
  const outcome = await unsubscribe(db, verified.claims, pageAct(c, clientAddress))
  log.info({ ...verified.claims, through: 'one_click', outcome: outcome.kind }, 'unsubscribe')
  if (outcome.kind === 'gone') return answerProblem(c, problems.gone(wordingOf(c)))
  const words = wordingOf(c, outcome.scope.language)
  if (outcome.kind === 'prohibited')
    return answerProblem(c, problems.prohibited(words, prohibition(words, outcome.scope)))
  return c.text(`${words[outcome.kind]}.\n`)
}
