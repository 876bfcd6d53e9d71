import type { Context } from 'hono'
import { tellOptIn } from '../../client/opt-in-workflow.ts'
import type { LazyTemporal } from '../../client/temporal.ts'
import { confirmOptIn, type DescribedOptIn, describeOptIn } from '../../db/confirm-opt-in.ts'
import { optInWordings } from '../../domain/wording/opt-in.ts'
import type { EdgeDeps, HttpEnv } from '../edge.ts'
import { answerBranded } from './branded-page.ts'
import { refuseToken } from './link.ts'
import { confirmOptInPage, optInConfirmedPage } from './opt-in-page.ts'
import { pageAct } from './page-act.ts'
import { answerProblem, problems } from './problem.ts'
import { languageOf, shownWording, wordingOf } from './reader.ts'

export interface OptInDeps extends EdgeDeps {
  temporal: LazyTemporal
}
type TokenContext = Context<HttpEnv, '/o/:token'>

/** GET and HEAD: says what would be subscribed to, and subscribes nobody. */
export const showOptIn =
  ({ db, tokens, log }: OptInDeps) =>
  async (c: TokenContext) => {
    const verified = tokens.verify(c.req.param('token'), 'opt_in')
    return verified.ok ? answer(c, await describeOptIn(db, verified.claims)) : refuseToken(c, log, verified.why)
  }

/** POST: the person confirms. The body is never read: whatever it holds, the request means the same. */
export const postOptIn =
  ({ db, tokens, log, temporal, clientAddress }: OptInDeps) =>
  async (c: TokenContext) => {
    const verified = tokens.verify(c.req.param('token'), 'opt_in')
    if (!verified.ok) return refuseToken(c, log, verified.why)
    // Only our own page says which words were shown: whatever else posts here is no person's yes.
    if (shownWording(c) === null) return answerProblem(c, problems.badLink(wordingOf(c)))
    const { claims } = verified
    const outcome = await confirmOptIn(db, claims, pageAct(c, clientAddress))
    log.info({ requestId: claims.requestId, contactId: claims.contactId, outcome: outcome.kind }, 'opt-in')
    // Nobody waits for it: the workflow reads the row also by itself, when the next mail would be due.
    if (outcome.kind === 'confirmed') void tellOptIn(temporal, claims.requestId)
    return answer(c, outcome)
  }

function answer(c: Context, outcome: DescribedOptIn) {
  if (outcome.kind === 'gone') return answerProblem(c, problems.gone(wordingOf(c)))
  const words = optInWordings[languageOf(c, outcome.subject.language)]
  switch (outcome.kind) {
    case 'open':
      return answerBranded(c, outcome.subject, confirmOptInPage(words, outcome.subject))
    case 'confirmed':
      return answerBranded(c, outcome.subject, optInConfirmedPage(words, outcome.subject))
    case 'over':
      return answerProblem(c, { status: 410, language: words.language, ...words.over })
  }
}
