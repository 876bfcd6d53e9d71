import { createHash, timingSafeEqual } from 'node:crypto'
import { hmacSha256, type MacWriter } from './hmac-sha256.ts'

/** What a link in a message allows its holder to do. */
export const tokenScopes = ['unsubscribe'] as const
export type TokenScope = (typeof tokenScopes)[number]

export interface TokenClaims {
  campaignId: string
  contactId: string
  scope: TokenScope
}

export type VerifiedToken =
  | { ok: true; claims: TokenClaims }
  | { ok: false; why: 'malformed' | 'forged' | 'retired_key' }

export interface Tokens {
  /** 46 characters of base64url, whatever the ids: the header line stays short. */
  sign: (claims: TokenClaims) => string
  verify: (token: string) => VerifiedToken
}

const keyIdBytes = 1
const claimsBytes = 17
const macBytes = 16
const headBytes = keyIdBytes + claimsBytes
const tokenBytes = headBytes + macBytes

/**
 * Tokens are: key id (1 byte), scope (1), campaign (8), contact (8), and 16 bytes of HMAC-SHA-256 over all that.
 * @param secrets the first signs; every one verifies, so that a secret can be rotated while old mail lies about.
 */
export function createTokens(secrets: readonly [string, ...string[]]): Tokens {
  const keys = secrets.map(deriveKey)
  const [signing] = keys as [SigningKey, ...SigningKey[]]
  return {
    sign: tokenWriter(signing),
    verify: (token) => {
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
      return claims === null ? { ok: false, why: 'malformed' } : { ok: true, claims }
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
  return ({ scope, campaignId, contactId }) => {
    view.setUint8(keyIdBytes, tokenScopes.indexOf(scope))
    view.setBigInt64(keyIdBytes + 1, BigInt(campaignId))
    view.setBigInt64(keyIdBytes + 9, BigInt(contactId))
    token.write(macOf(head), headBytes, macBytes, 'latin1')
    return token.toString('base64url')
  }
}

function decodeClaims(bytes: Buffer): TokenClaims | null {
  const scope = tokenScopes[bytes.readUInt8(0)]
  if (scope === undefined) return null
  return { scope, campaignId: bytes.readBigInt64BE(1).toString(), contactId: bytes.readBigInt64BE(9).toString() }
}
