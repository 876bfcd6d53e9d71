import { tellUnsubscribe } from '../../client/unsubscribe-workflow.ts'
import type { ConsentAct } from '../../db/consent.ts'
import { describeUnsubscribe } from '../../db/describe-unsubscribe.ts'
import { latestOutcome } from '../../db/pending-unsubscribe.ts'
import { cancelByLink, confirmByLink } from '../../db/settle-unsubscribe.ts'
import { unsubscribe } from '../../db/unsubscribe.ts'
import type { LinkTarget } from '../../db/unsubscribe-scope.ts'
import type { TokenClaims } from '../../domain/link-token.ts'
import type { EdgeDeps } from '../edge.ts'
import type { Fault } from './json-body.ts'
import { prohibitedFault } from './message-unsub.ts'
import { goneFault } from './page-access.ts'

/**
 * What is so after a call from the resource's own page:
 * - `unsubscribed`: just now, by this call. `already_unsubscribed`: before.
 * - `cancelled`: by this call or before; a delay that was cancelled is not confirmed afterwards.
 * - `nothing_pending`: there was nothing to cancel.
 */
export type SdkStatus = 'unsubscribed' | 'already_unsubscribed' | 'cancelled' | 'nothing_pending'

export interface SdkCall {
  claims: TokenClaims
  target: LinkTarget
  act: Omit<ConsentAct, 'campaignId'>
}

type Deps = Pick<EdgeDeps, 'db' | 'tellTemporal'>

/** Unsubscribes now: what a delay is running for, and otherwise what is meant. */
export async function confirmFromPage({ db, tellTemporal }: Deps, call: SdkCall): Promise<SdkStatus | Fault> {
  const { claims, target, act } = call
  const confirmed = await confirmByLink(db, claims, act, target)
  for (const id of confirmed) tellTemporal((client) => tellUnsubscribe(client, id, 'confirm', byContact))
  if (confirmed.length > 0) return 'unsubscribed'
  if ((await latestOutcome(db, claims, target)) === 'cancelled') return 'cancelled'
  const outcome = await unsubscribe(db, claims, act, target)
  switch (outcome.kind) {
    case 'gone':
      return goneFault
    case 'prohibited':
      return prohibitedFault(outcome.scope.prohibitedReason)
    case 'already':
      return 'already_unsubscribed'
    case 'unsubscribed':
      return 'unsubscribed'
  }
}

/** Ends the delay, and leaves everything as it was. */
export async function cancelFromPage({ db, tellTemporal }: Deps, call: SdkCall): Promise<SdkStatus | Fault> {
  const { claims, target } = call
  const cancelled = await cancelByLink(db, claims, 'sdk', target)
  for (const id of cancelled) tellTemporal((client) => tellUnsubscribe(client, id, 'cancel', byContact))
  if (cancelled.length > 0) return 'cancelled'
  const found = await describeUnsubscribe(db, claims)
  if (found.kind === 'gone') return goneFault
  if (found.kind === 'prohibited') return prohibitedFault(found.scope.prohibitedReason)
  const latest = await latestOutcome(db, claims, target)
  if (latest === 'cancelled') return 'cancelled'
  return found.kind === 'already' || latest === 'confirmed' ? 'already_unsubscribed' : 'nothing_pending'
}

const byContact = "the contact, on the resource's page"
