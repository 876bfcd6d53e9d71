import { createHash, timingSafeEqual } from 'node:crypto'
import { hmacSha256, type MacWriter } from './hmac-sha256.ts'

/**
 * What a token allows its holder to do; the place in the list is what it is written as.
 * - `unsubscribe`: the link in a message.
 * - `message`: names one message to the resource's own page and to other systems; the `smid` of the APIs.
 * - `preferences`: see and change what the contact subscribes to in the campaign's resource.
 */
const messageScopes = ['unsubscribe', 'message', 'preferences'] as const
type MessageScope = (typeof messageScopes)[number]

/** What was sent to one contact by one campaign. */
export interface TokenClaims {
  scope: MessageScope
  campaignId: string
  contactId: string
}

/** `opt_in`: confirm that the address wants the category. */
export interface OptInClaims {
  scope: 'opt_in'
  requestId: string
  contactId: string
}

const scopes = [...messageScopes, 'opt_in'] as const
type Scope = (typeof scopes)[number]
type ClaimsOf<S extends Scope> = S extends 'opt_in' ? OptInClaims : TokenClaims

export type VerifiedToken<Claims = TokenClaims> =
  | { ok: true; claims: Claims }
  | { ok: false; why: 'malformed' | 'forged' | 'retired_key' }

export interface Tokens {
  /** 46 characters of base64url, whatever the ids: the header line stays short. */
  sign: (claims: TokenClaims | OptInClaims) => string
  /** A token of another scope counts as forged: what one link allows, another does not. */
  verify: <S extends Scope>(token: string, scope: S) => VerifiedToken<ClaimsOf<S>>
}

const keyIdBytes = 1
const claimsBytes = 17
const macBytes = 16
const headBytes = keyIdBytes + claimsBytes
const tokenBytes = headBytes + macBytes

/**
 * Tokens are: key id (1 byte), scope (1), campaign or request (8), contact (8), and 16 bytes of HMAC-SHA-256 over all that.
 * @param secrets the first signs; every one verifies, so that a secret can be rotated while old mail lies about.
 */
export function createTokens(secrets: readonly [string, ...string[]]): Tokens {
  const keys = secrets.map(deriveKey)
  const [signing] = keys as [SigningKey, ...SigningKey[]]
  return {
    sign: tokenWriter(signing),
    verify: <S extends Scope>(token: string, scope: S): VerifiedToken<ClaimsOf<S>> => {
      const bytes = Buffer.from(token, 'base64url')
      if (bytes.length !== tokenBytes || bytes.toString('base64url') !== token) return { ok: false, why: 'malformed' }
      const head = bytes.subarray(0, headBytes)
      // Two secrets may share an id byte: try each that has it.
      const candidates = keys.filter((key) => key.id === head[0])
      if (candidates.length === 0) return { ok: false, why: 'retired_key' }
      const mac = bytes.subarray(headBytes)
      const isMac = (code: string): boolean => timingSafeEqual(Buffer.from(code, 'latin1').subarray(0, macBytes), mac)
      if (!candidates.some((key) => isMac(key.macOf(head)))) return { ok: false, why: 'forged' }
      const claims = decodeClaims(head.subarray(keyIdBytes))
      if (claims?.scope !== scope) return { ok: false, why: 'forged' }
      return { ok: true, claims: claims as ClaimsOf<S> }
    },
  }
}

interface SigningKey {
  id: number
  /** Prepared for the head of a token. */
  macOf: MacWriter
}

function deriveKey(secret: string): SigningKey {
  const key = createHash('sha256').update(`addressee token\0${secret}`).digest()
  // The id must tell nothing about the key: it comes from a second hash.
  return { id: createHash('sha256').update(key).digest()[0] as number, macOf: hmacSha256(key, headBytes) }
}

/** All tokens are written into the same bytes: each is text before the next one begins. */
function tokenWriter({ id, macOf }: SigningKey): Tokens['sign'] {
  const token = Buffer.alloc(tokenBytes)
  const head = token.subarray(0, headBytes)
  // Buffer's own way of writing a BigInt takes as long again as making it.
  const view = new DataView(token.buffer, token.byteOffset)
  view.setUint8(0, id)
  return (claims) => {
    view.setUint8(keyIdBytes, scopes.indexOf(claims.scope))
    view.setBigInt64(keyIdBytes + 1, BigInt(claims.scope === 'opt_in' ? claims.requestId : claims.campaignId))
    view.setBigInt64(keyIdBytes + 9, BigInt(claims.contactId))
    token.write(macOf(head), headBytes, macBytes, 'latin1')
    return token.toString('base64url')
  }
}

function decodeClaims(bytes: Buffer): TokenClaims | OptInClaims | null {
  const scope = scopes[bytes.readUInt8(0)]
  if (scope === undefined) return null
  const subject = bytes.readBigInt64BE(1).toString()
  const contactId = bytes.readBigInt64BE(9).toString()
  return scope === 'opt_in' ? { scope, requestId: subject, contactId } : { scope, campaignId: subject, contactId }
}
