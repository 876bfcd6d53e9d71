import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createTokens, type TokenClaims } from '../../domain/link-token.ts'

const tokens = createTokens(['the first secret'])
const id = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(String)
const anyClaims: fc.Arbitrary<TokenClaims> = fc.record({
  campaignId: id,
  contactId: id,
  scope: fc.constant('unsubscribe' as const),
})
const example: TokenClaims = { campaignId: '7', contactId: '9007199254740993', scope: 'unsubscribe' }
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Two secrets whose key ids differ, and one whose id is the first's: ids are one byte, so one in 256 is. */
const secretWithKeyId = (same: boolean): string => {
  const idOf = (secret: string) => Buffer.from(createTokens([secret]).sign(example), 'base64url')[0]
  const wanted = idOf('the first secret')
  const number = Array.from({ length: 10_000 }, (_, n) => n).find((n) => (idOf(`secret ${n}`) === wanted) === same)
  return `secret ${number}`
}

test('whatever the ids, a token is 46 characters that need no escaping in a URL, and gives its claims back', () => {
  fc.assert(
    fc.property(anyClaims, (claims) => {
      const token = tokens.sign(claims)
      expect(token).toMatch(/^[\w-]{46}$/)
      expect(tokens.verify(token, 'unsubscribe')).toEqual({ ok: true, claims })
    }),
  )
})

test('what one link allows, another does not', () => {
  const all = ['unsubscribe', 'message', 'preferences', 'opt_in'] as const
  for (const scope of all) {
    const claims =
      scope === 'opt_in' ? { scope, requestId: '7', contactId: '8' } : { scope, campaignId: '7', contactId: '8' }
    const token = tokens.sign(claims)
    expect(tokens.verify(token, scope)).toEqual({ ok: true, claims })
    for (const other of all)
      if (other !== scope) expect(tokens.verify(token, other)).toEqual({ ok: false, why: 'forged' })
  }
})

test('the same claims are the same token: a message sent again carries the link it had', () => {
  expect(tokens.sign(example)).toBe(tokens.sign({ ...example }))
})

test('cut anywhere or with anything added, it is malformed', () => {
  const token = tokens.sign(example)
  for (let length = 0; length < token.length; length += 1)
    expect(tokens.verify(token.slice(0, length), 'unsubscribe')).toEqual({ ok: false, why: 'malformed' })
  for (const ending of ['A', '.', '=', '==', '\n', ' ', '%20', token])
    expect(tokens.verify(token + ending, 'unsubscribe')).toEqual({ ok: false, why: 'malformed' })
})

test('no bit of any byte can be changed', () => {
  const bytes = Buffer.from(tokens.sign(example), 'base64url')
  for (const [place, byte] of bytes.entries())
    for (let bit = 0; bit < 8; bit += 1) {
      const altered = Buffer.from(bytes)
      altered[place] = byte ^ (1 << bit)
      // The first byte names the key: with another one it is the token of a key that we do not have.
      const why = place === 0 ? 'retired_key' : 'forged'
      expect(tokens.verify(altered.toString('base64url'), 'unsubscribe')).toEqual({ ok: false, why })
    }
})

test('no character can be replaced, not even by one that decodes to the same bytes', () => {
  const token = tokens.sign(example)
  for (let place = 0; place < token.length; place += 1)
    for (const character of alphabet) {
      if (character === token[place]) continue
      expect(tokens.verify(token.slice(0, place) + character + token.slice(place + 1), 'unsubscribe').ok).toBe(false)
    }
})

test('claims cannot be carried over to another signature', () => {
  fc.assert(
    fc.property(anyClaims, anyClaims, (mine, theirs) => {
      fc.pre(mine.campaignId !== theirs.campaignId || mine.contactId !== theirs.contactId)
      const own = Buffer.from(tokens.sign(mine), 'base64url')
      const other = Buffer.from(tokens.sign(theirs), 'base64url')
      const spliced = Buffer.concat([other.subarray(0, 18), own.subarray(18)]).toString('base64url')
      expect(tokens.verify(spliced, 'unsubscribe')).toEqual({ ok: false, why: 'forged' })
    }),
  )
})

test('anything else that comes as a token is refused without an exception', () => {
  const tokenSized = fc.uint8Array({ minLength: 34, maxLength: 34 })
  const written = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.base64String(),
    tokenSized.map((bytes) => Buffer.from(bytes).toString('base64url')),
  )
  fc.assert(fc.property(written, (token) => !tokens.verify(token, 'unsubscribe').ok))
})

describe('secrets', () => {
  test('rotated: the first signs, the old ones verify', () => {
    const old = secretWithKeyId(false)
    const before = createTokens([old]).sign(example)
    const rotated = createTokens(['the first secret', old])
    expect(rotated.sign(example)).toBe(tokens.sign(example))
    expect(rotated.verify(before, 'unsubscribe')).toEqual({ ok: true, claims: example })
    expect(tokens.verify(before, 'unsubscribe')).toEqual({ ok: false, why: 'retired_key' })
  })

  test('two that share their key id are told apart by the signature', () => {
    const twin = secretWithKeyId(true)
    const signedByTwin = createTokens([twin]).sign(example)
    expect(createTokens(['the first secret', twin]).verify(signedByTwin, 'unsubscribe')).toEqual({
      ok: true,
      claims: example,
    })
    expect(tokens.verify(signedByTwin, 'unsubscribe')).toEqual({ ok: false, why: 'forged' })
  })

  test('of somebody else verify nothing', () => {
    fc.assert(
      fc.property(anyClaims, fc.string({ minLength: 1 }), (claims, secret) => {
        fc.pre(secret !== 'the first secret')
        expect(createTokens([secret]).verify(tokens.sign(claims), 'unsubscribe').ok).toBe(false)
      }),
    )
  })
})
