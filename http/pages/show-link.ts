import type { Context } from 'hono'
import { html } from 'hono/html'
import { type DescribedUnsubscribe, describeUnsubscribe } from '../../db/describe-unsubscribe.ts'
import { openUnsubscribes, type PendingUnsubscribe } from '../../db/pending-unsubscribe.ts'
import { canUndoUnsubscribe } from '../../db/undo-unsubscribe.ts'
import type { UnsubscribeScope } from '../../db/unsubscribe-scope.ts'
import type { TokenClaims } from '../../domain/link-token.ts'
import { modeWordings } from '../../domain/wording/modes.ts'
import type { Wording } from '../../domain/wording/wording.ts'
import type { EdgeDeps } from '../edge.ts'
import { answerBranded } from './branded-page.ts'
import { countdownHash } from './countdown.ts'
import { manageLink } from './manage-link.ts'
import { delayNote, pendingPage, prohibitedPage, secondThoughts } from './mode-pages.ts'
import { ownPage } from './own-page.ts'
import { answerProblem, problems } from './problem.ts'
import { wordingOf } from './reader.ts'
import { confirmPage, resultPage } from './unsubscribe-page.ts'

/** What a link would do in the mode of its resource, without doing it. */
export async function showLink(c: Context, deps: EdgeDeps, claims: TokenClaims) {
  const found = await describeUnsubscribe(deps.db, claims)
  return found.kind === 'gone' ? answerProblem(c, problems.gone(wordingOf(c))) : showFound(c, deps, claims, found)
}

async function showFound(
  c: Context,
  deps: EdgeDeps,
  claims: TokenClaims,
  { kind, scope }: Exclude<DescribedUnsubscribe, { kind: 'gone' }>,
) {
  const words = wordingOf(c, scope.language)
  if (kind === 'prohibited') return answerBranded(c, scope, prohibitedPage(words, scope))
  const page = ownPage(scope, claims, deps.tokens)
  if (scope.mode === 'confirm' && page !== null) return c.redirect(page, 302)
  if (kind === 'already') {
    return answerBranded(c, scope, resultPage(words, kind, scope, await afterwards(words, deps, claims, scope)))
  }
  const [pending] = scope.mode === 'delayed' ? await openUnsubscribes(deps.db, claims) : []
  if (pending !== undefined) return answerPending(c, scope, pending)
  const { version } = modeWordings[words.language]
  const more = scope.mode === 'delayed' ? { version, note: delayNote(words, scope) } : undefined
  const manage = manageLink(words.language, deps.tokens, claims)
  return answerBranded(c, scope, confirmPage(words, scope, manage, more), { leadsTo: page })
}

/** What somebody who was unsubscribed may want next. */
export async function afterwards(words: Wording, deps: EdgeDeps, claims: TokenClaims, scope: UnsubscribeScope) {
  const canUndo = await canUndoUnsubscribe(deps.db, claims)
  return html`${secondThoughts(words, scope, canUndo)}
${manageLink(words.language, deps.tokens, claims)}`
}

/** The countdown, with what one may do meanwhile. */
export function answerPending(c: Context, scope: UnsubscribeScope, { dueAt }: PendingUnsubscribe) {
  return answerBranded(c, scope, pendingPage(wordingOf(c, scope.language), scope, dueAt), { script: countdownHash })
}
