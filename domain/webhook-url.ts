// oxlint-disable-next-line no-restricted-imports -- tells an address from a name, and opens nothing
import { isIP } from 'node:net'
import { Refusal } from './refusal.ts'
import { isSpecialAddress } from './special-address.ts'

/** Whether webhooks may go to private addresses and by plain http: for tests and development. */
export type PrivateWebhooks = 'refuse' | 'allow'

const longestUrl = 2000

/**
 * What can be said of a URL before anybody is asked where its name leads; that is looked at with every request.
 * @returns the URL as it will be called. @throws {Refusal} naming `field`.
 */
export function checkWebhookUrl(written: string, field: string, privateWebhooks: PrivateWebhooks): string {
  const why = whyForbidden(written, privateWebhooks)
  if (why === null) return new URL(written).href
  throw new Refusal({ field, rule: why, remedy: 'Give a URL like https://shop.example.com/addressee.' })
}

/** Why no request may go to this URL; null when one may. */
export function whyForbidden(written: string, privateWebhooks: PrivateWebhooks): string | null {
  const url = URL.parse(written)
  if (url === null || written.length > longestUrl) return `must be a URL of at most ${longestUrl} characters`
  const isPlain = url.protocol === 'http:' && privateWebhooks === 'allow'
  if (url.protocol !== 'https:' && !isPlain) return 'must begin with https://'
  if (url.username !== '' || url.password !== '') return 'must hold no user name and no password'
  // Every way to write an IPv4 address has become the usual one by now; an IPv6 address stands in brackets.
  const host = url.hostname.replaceAll(/^\[|\]$/g, '')
  if (privateWebhooks === 'refuse' && isIP(host) !== 0 && isSpecialAddress(host))
    return 'must not lead to a private or local address'
  return null
}

/** What people read of a webhook in the Temporal UI: not its URL, which may hold a secret. */
export function webhookTitle({
  id,
  url,
  description,
}: {
  id: string
  url: string
  description: string | null
}): string {
  const host = URL.parse(url)?.host ?? 'nowhere'
  return `webhook ${id} to ${host}${description === null ? '' : `: ${description}`}`.slice(0, 100)
}
