import { keyPattern } from './category-key.ts'
import { asciiDomain } from './email-address.ts'
import { Refusal } from './refusal.ts'

/**
 * What a limit holds for: everything that goes through one mail server (its host name, as in SMTP_URL), everything
 * of one resource, everything to one domain of recipients, or one campaign.
 */
export const limitScopes = ['provider', 'resource', 'domain', 'campaign'] as const
export type LimitScope = (typeof limitScopes)[number]

/** Names a limit. Several may hold for one message: it waits for all of them. */
export interface LimitRef {
  scope: LimitScope
  key: string
}

/** About one message a day; whoever wants it slower counts by days. Above, no single database keeps up. */
export const slowestPerSecond = 0.00001
export const fastestPerSecond = 100_000

/** A warm-up takes weeks. */
export const longestWarmUpDays = 366

/** @returns the key in the form in which senders look for it. @throws {Refusal} when nothing could have it. */
export function checkLimitKey({ scope, key }: LimitRef): string {
  switch (scope) {
    case 'provider':
      return checkHost(key)
    case 'domain':
      return checkDomain(key)
    case 'resource':
    case 'campaign':
      return checkKey(scope, key)
  }
}

/** Host names are the same in any case (RFC 4343); so are the digits of an IPv6 address. */
export const providerKey = (host: string): string => host.toLowerCase().replaceAll(/^\[|\]$/g, '')

const hostName = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/
const ipv6 = /^[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*$/

function checkHost(written: string): string {
  const host = providerKey(written)
  if (host.length <= 255 && (hostName.test(host) || ipv6.test(host))) return host
  throw new Refusal({
    field: 'key',
    rule: `${written} is no host name of a mail server`,
    remedy: 'Give the host of SMTP_URL alone, without scheme, user or port.',
  })
}

function checkDomain(written: string): string {
  const domain = asciiDomain(written)
  if (domain !== null) return domain
  throw new Refusal({
    field: 'key',
    rule: `${written} is no domain of recipients`,
    remedy: 'Give what stands after the @ of their addresses, such as gmail.com.',
  })
}

function checkKey(scope: 'resource' | 'campaign', key: string): string {
  if (key.length <= 100 && keyPattern.test(key)) return key
  throw new Refusal({
    field: 'key',
    rule: `${key} cannot be the key of a ${scope}`,
    remedy: `Give the key that the ${scope} has, or will have: lower-case letters, digits and single hyphens.`,
  })
}
