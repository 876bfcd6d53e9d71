import type { Random } from '../../dev/sample/random.ts'
import { createTokens } from '../../domain/link-token.ts'
import { mutated, type RandomRequest } from './random-request.ts'
import { tokens } from './unsubscribe-seed.ts'

/** Whose tokens are forged, and what else a request needs to get as far as its token. */
export interface Target {
  campaignId: string
  contactId: string
  requestId: string
  resourceKey: string
  resourceToken: string
  categoryKey: string
  /** Of the resource's own page. */
  origin: string
  /** A key that may unsubscribe. */
  apiKey: string
}

const scopes = ['unsubscribe', 'message', 'preferences', 'opt_in'] as const
type Scope = (typeof scopes)[number]

const others = createTokens(['a secret of somebody else'])
const nobody = { contactId: '424242', campaignId: '424242', requestId: '424242' }

const sign = (by: typeof tokens, scope: Scope, { campaignId, contactId, requestId }: typeof nobody): string =>
  scope === 'opt_in' ? by.sign({ scope, requestId, contactId }) : by.sign({ scope, campaignId, contactId })

/** A token that is none for this scope, or one of somebody who is not known (any more). */
export function forgedToken(random: Random, scope: Scope, target: Target): string {
  const good = sign(tokens, scope, target)
  switch (random.below(6)) {
    case 0:
      return good.slice(0, -1 - random.below(20))
    case 1:
      return sign(others, scope, target)
    case 2:
      return sign(tokens, random.pick(scopes.filter((other) => other !== scope)), target)
    case 3:
      return sign(tokens, scope, { ...target, contactId: nobody.contactId })
    case 4:
      return sign(tokens, scope, nobody)
    default:
      return forgedBytes(random, good)
  }
}

/** Another letter somewhere, and never by chance the same token. */
function forgedBytes(random: Random, good: string): string {
  const changed = mutated(random, good)
  return changed === good ? good.slice(1) : changed
}

const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
const json = { 'Content-Type': 'application/json' }

/** A request that is as the route wants it, but for its token; null for routes that take none. */
export function forgedRequest(random: Random, route: { path: string }, target: Target): RandomRequest | null {
  const link = (scope: Scope) => encodeURIComponent(forgedToken(random, scope, target).toWellFormed())
  const categories = random.chance(0.5) ? {} : { categories: [target.categoryKey] }
  const smid = () => forgedToken(random, 'message', target).toWellFormed()
  const post = { method: 'POST', headers: form }
  switch (route.path) {
    case '/u/:token': {
      const query = random.pick(['', '?shown=unsubscribe-en-1', '?shown=modes-en-1&do='])
      const deed = query.endsWith('=') ? random.pick(['confirm', 'cancel', 'undo', 'everything']) : ''
      return { ...post, path: `/u/${link('unsubscribe')}${query}${deed}` }
    }
    case '/p/:token': {
      const { categoryKey } = target
      const body = random.pick([
        `shown=${categoryKey}`,
        `shown=${categoryKey}&on=${categoryKey}`,
        'everything_off=yes',
        '',
      ])
      return { ...post, path: `/p/${link('preferences')}?shown=preferences-en-1`, body }
    }
    case '/o/:token':
      return { ...post, path: `/o/${link('opt_in')}?shown=opt-in-en-1` }
    case '/sdk/unsub': {
      const body = JSON.stringify({ action: random.pick(['confirm', 'cancel']), smid: smid(), ...categories })
      const headers = { ...json, Origin: target.origin }
      return { path: `/sdk/unsub?id=${target.resourceKey}`, method: 'POST', headers, body }
    }
    case '/api/v1.1/profiles/message_unsub': {
      const { apiKey: token, resourceToken: rtoken } = target
      const body = JSON.stringify({ token, rtoken, smid: smid(), ...categories })
      return { path: route.path, method: 'POST', headers: json, body }
    }
    default:
      return null
  }
}
