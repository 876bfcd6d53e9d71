import type { Context } from 'hono'
import { startUnsubscribeWorkflow, tellUnsubscribe } from '../../client/unsubscribe-workflow.ts'
import type { ConsentAct } from '../../db/consent.ts'
import { describeUnsubscribe } from '../../db/describe-unsubscribe.ts'
import { latestOutcome, startUnsubscribe } from '../../db/pending-unsubscribe.ts'
import { cancelByLink, confirmByLink } from '../../db/settle-unsubscribe.ts'
import { undoUnsubscribe } from '../../db/undo-unsubscribe.ts'
import { unsubscribe } from '../../db/unsubscribe.ts'
import type { LinkTarget, UnsubscribeScope } from '../../db/unsubscribe-scope.ts'
import type { TokenClaims } from '../../domain/link-token.ts'
import type { EdgeDeps, HttpEnv } from '../edge.ts'
import { answerBranded } from './branded-page.ts'
import { cancelledPage, cannotUndoPage, type Deed, deeds, prohibition, undonePage } from './mode-pages.ts'
import { ownPage } from './own-page.ts'
import { pageAct } from './page-act.ts'
import { answerProblem, problems } from './problem.ts'
import { wordingOf } from './reader.ts'
import { afterwards, answerPending, showLink } from './show-link.ts'
import { resultPage } from './unsubscribe-page.ts'

/** A button that somebody pressed on one of our pages. */
interface Press {
  c: Context<HttpEnv>
  deps: EdgeDeps
  claims: TokenClaims
  scope: UnsubscribeScope
  act: Omit<ConsentAct, 'campaignId'>
}

/** Does what the button says. */
export async function postFromPage(c: Context<HttpEnv>, deps: EdgeDeps, claims: TokenClaims) {
  const found = await describeUnsubscribe(deps.db, claims)
  if (found.kind === 'gone') return answerProblem(c, problems.gone(wordingOf(c)))
  const { kind, scope } = found
  const words = wordingOf(c, scope.language)
  if (kind === 'prohibited') {
    deps.log.info({ ...claims, through: 'page', outcome: kind }, 'unsubscribe')
    return answerProblem(c, problems.prohibited(words, prohibition(words, scope)))
  }
  const press = { c, deps, claims, scope, act: pageAct(c, deps.clientAddress) }
  const deed = deedOf(c)
  if (deed === 'unsubscribe' && scope.mode === 'delayed' && kind === 'subscribed') return start(press)
  return deedsDone[deed](press)
}

/** Whatever is not one of our words is a "no". */
const deedOf = (c: Context): Deed | 'unsubscribe' => deeds.find((deed) => deed === c.req.query('do')) ?? 'unsubscribe'

const deedsDone: Record<Deed | 'unsubscribe', (press: Press) => Promise<Response>> = {
  unsubscribe: (press) => unsubscribeNow(press, { kind: 'eligible' }),
  everything: (press) => unsubscribeNow(press, { kind: 'resource' }),
  confirm,
  cancel,
  undo,
}

async function unsubscribeNow(press: Press, target: LinkTarget): Promise<Response> {
  const { c, deps, claims, act } = press
  const outcome = await unsubscribe(deps.db, claims, act, target)
  deps.log.info({ ...claims, through: 'page', outcome: outcome.kind }, 'unsubscribe')
  if (outcome.kind === 'gone' || outcome.kind === 'prohibited') return showLink(c, deps, claims)
  const page = ownPage(outcome.scope, claims, deps.tokens)
  if (outcome.scope.mode === 'instant' && target.kind === 'eligible' && page !== null) return c.redirect(page, 303)
  return answerResult(press, outcome.kind, outcome.scope)
}

async function answerResult({ c, deps, claims }: Press, kind: 'unsubscribed' | 'already', scope: UnsubscribeScope) {
  const words = wordingOf(c, scope.language)
  return answerBranded(c, scope, resultPage(words, kind, scope, await afterwards(words, deps, claims, scope)))
}

/** Of an erased contact nothing can wait: what is left is the address, and it refuses at once. */
async function start(press: Press): Promise<Response> {
  const { c, deps, claims, scope, act } = press
  const { running, started } = await startUnsubscribe(deps.db, claims, act)
  deps.log.info({ ...claims, through: 'page', outcome: 'delayed', started: started.size }, 'unsubscribe')
  const [pending] = running
  if (pending === undefined) return unsubscribeNow(press, { kind: 'eligible' })
  for (const each of running)
    if (started.has(each.id)) deps.tellTemporal((client) => startUnsubscribeWorkflow(client, each))
  const page = ownPage(scope, claims, deps.tokens)
  return page === null ? answerPending(c, scope, pending) : c.redirect(page, 303)
}

async function confirm(press: Press): Promise<Response> {
  const { c, deps, claims, scope, act } = press
  const confirmed = await confirmByLink(deps.db, claims, act)
  deps.log.info({ ...claims, through: 'page', confirmed: confirmed.length }, 'unsubscribe')
  for (const id of confirmed)
    deps.tellTemporal((client) => tellUnsubscribe(client, id, 'confirm', 'the contact, on the page'))
  return confirmed.length > 0 ? answerResult(press, 'unsubscribed', scope) : tellOutcome(c, deps, claims, scope)
}

async function cancel({ c, deps, claims, scope }: Press): Promise<Response> {
  const cancelled = await cancelByLink(deps.db, claims, 'page')
  deps.log.info({ ...claims, through: 'page', cancelled: cancelled.length }, 'unsubscribe')
  for (const id of cancelled)
    deps.tellTemporal((client) => tellUnsubscribe(client, id, 'cancel', 'the contact, on the page'))
  return tellOutcome(c, deps, claims, scope)
}

/** Who comes too late is told what was decided before. */
async function tellOutcome(c: Context, deps: EdgeDeps, claims: TokenClaims, scope: UnsubscribeScope) {
  const isCancelled = (await latestOutcome(deps.db, claims)) === 'cancelled'
  return isCancelled
    ? answerBranded(c, scope, cancelledPage(wordingOf(c, scope.language), scope))
    : showLink(c, deps, claims)
}

async function undo({ c, deps, claims, scope, act }: Press): Promise<Response> {
  const undone = await undoUnsubscribe(deps.db, claims, act)
  deps.log.info({ ...claims, through: 'page', undone }, 'unsubscribe')
  const words = wordingOf(c, scope.language)
  return answerBranded(c, scope, (undone ? undonePage : cannotUndoPage)(words, scope))
}
