import { createHash, randomBytes } from 'node:crypto'

/**
 * What a key may do. `read`: look at everything that it sees. `subscriptions:write`: contacts and what they agree to or
 * refuse. `campaigns:write`: schedule and steer. `admin`: the three above, and resources, categories, custom fields
 * and webhooks.
 */
export const apiScopes = ['read', 'subscriptions:write', 'campaigns:write', 'admin'] as const
export type ApiScope = (typeof apiScopes)[number]

/** Who writes may also read what they wrote to. */
export const allows = (granted: readonly ApiScope[], needed: ApiScope): boolean =>
  granted.includes(needed) || granted.includes('admin') || needed === 'read'

/** A new key: 256 random bits, and a beginning by which scanners for leaked secrets know it. */
export const newApiKey = (): string => `adr_${randomBytes(32).toString('base64url')}`

/** Null when it cannot be one of ours: then nobody needs to be asked. */
export const apiKeyHash = (key: string): Buffer | null =>
  /^adr_[A-Za-z0-9_-]{43}$/.test(key) ? createHash('sha256').update(key).digest() : null
