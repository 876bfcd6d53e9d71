import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson, type Json } from '../../domain/canonical-json.ts'
import { type ChainedEvent, canonicalEvent, eventHash } from '../../domain/consent-chain.ts'
import {
  type ConsentDocument,
  type ShownEvent,
  signConsentDocument,
  type UnsignedConsentDocument,
  verifyConsentDocument,
} from '../../domain/consent-document.ts'
import { consentKey, readPublicKey } from '../../domain/consent-key.ts'

const key = consentKey('a secret for tests only')
const otherKey = consentKey('another secret for tests')

const blank = {
  contactId: '7',
  at: '2030-01-31T09:00:00.123456Z',
  action: 'subscribed',
  through: 'page',
  actor: null,
  channel: 'email',
  addressKey: '00ff',
  categoryId: '1',
  resourceId: null,
  legalBasis: null,
  explanation: 'naïve "text" \\ \u0001\n',
  campaignId: '42',
  wording: 'unsubscribe-en-1',
  ip: '192.0.2.7',
  userAgent: 'Mail/1',
}

function chained(events: number): ShownEvent[] {
  const chain: ShownEvent[] = []
  for (let number = 1; number <= events; number += 1) {
    const event: Omit<ChainedEvent, 'hash'> = { ...blank, number, previous: chain.at(-1)?.hash ?? '' }
    const shown = { category: 'News', resource: 'Acme', campaign: 'Spring', messageId: '<x@acme.example>' }
    chain.push({ ...event, hash: eventHash(event), shown })
  }
  return chain
}

const unsignedLike = (events: ShownEvent[]): UnsignedConsentDocument => ({
  kind: 'addressee consent history',
  version: 1,
  createdAt: '2030-02-01T00:00:00.000Z',
  software: 'addressee 0.1.0',
  contact: { id: '7', addresses: [{ channel: 'email', addressKey: '00ff' }] },
  events,
  wordings: {},
  head: { events: events.length, hash: events.at(-1)?.hash ?? '' },
})
const documentOf = (events = chained(4)): ConsentDocument => signConsentDocument(unsignedLike(events), key)

/** A copy with changes, as a file is edited. */
function edited(change: (document: ConsentDocument) => void, document = documentOf()): ConsentDocument {
  const copy = structuredClone(document)
  change(copy)
  return copy
}

const changeEvent = (place: number, fields: Partial<ShownEvent>) => (document: ConsentDocument) => {
  document.events[place] = { ...(document.events[place] as ShownEvent), ...fields }
}

test('a whole document is proved, and says what it does not prove', () => {
  const unknown = verifyConsentDocument(documentOf())
  expect(unknown).toMatchObject({ ok: true, damage: null, event: null, fingerprint: key.publicKey.fingerprint })
  expect(unknown.notProved[0]).toContain(`the key is ${key.publicKey.fingerprint}. Compare it`)
  for (const known of [key.publicKey.fingerprint, key.publicKey.pem, key.publicKey.fingerprint.toUpperCase()]) {
    const verification = verifyConsentDocument(documentOf(), known)
    expect(verification.ok).toBe(true)
    expect(verification.notProved.join()).not.toContain('Compare')
  }
})

test('also one of a contact of whom nothing was ever recorded', () => {
  expect(verifyConsentDocument(documentOf([]))).toMatchObject({ ok: true })
})

test('white space and the order of keys mean nothing', () => {
  const reversed = JSON.parse(JSON.stringify(documentOf()), (_, value: Json) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toReversed())
      : value,
  ) as unknown
  expect(Object.keys(reversed as object)[0]).toBe('signature')
  expect(verifyConsentDocument(reversed)).toMatchObject({ ok: true })
})

describe('the first event that is wrong is named', () => {
  test.each<[string, number, (document: ConsentDocument) => void]>([
    ['a field', 2, changeEvent(1, { action: 'unsubscribed' })],
    ['a microsecond', 1, changeEvent(0, { at: '2030-01-31T09:00:00.123457Z' })],
    ['null for a text', 4, changeEvent(3, { ip: null })],
    ['a hash', 3, changeEvent(2, { hash: 'ab'.repeat(32) })],
    ['another contact', 2, changeEvent(1, { contactId: '8' })],
    ['one taken out', 2, (document) => void document.events.splice(1, 1)],
    ['the first taken out', 1, (document) => void document.events.shift()],
    ['the last taken out', 4, (document) => void document.events.pop()],
    ['all taken out', 1, (document) => void document.events.splice(0)],
    ['two exchanged', 2, (document) => void document.events.splice(1, 2, ...document.events.slice(1, 3).toReversed())],
    ['one twice', 3, (document) => void document.events.splice(1, 0, ...document.events.slice(1, 2))],
  ])('%s', (_name, event, change) => {
    const verification = verifyConsentDocument(edited(change), key.publicKey.pem)
    expect(verification).toMatchObject({ ok: false, event, proved: [] })
    expect(verification.damage).toContain(`event ${event} is wrong`)
  })

  test('a change whose hashes were all made anew is found by the signature', () => {
    const rewritten = { ...documentOf(), ...unsignedLike(chained(3)) }
    expect(verifyConsentDocument(rewritten).damage).toContain('The signature does not fit')
  })
})

test('what is shown beside the events, and the rest, is signed too', () => {
  for (const change of [
    changeEvent(1, { shown: { category: 'Other', resource: null, campaign: null, messageId: null } }),
    (document: ConsentDocument) => void (document.createdAt = '2031-01-01T00:00:00.000Z'),
    (document: ConsentDocument) => void document.contact.addresses.pop(),
    (document: ConsentDocument) => void (document.signature.value = 'AAAA'),
    (document: ConsentDocument) => void (document.signature.value = ''),
    changeEvent(0, { shown: { category: '\ud800', resource: null, campaign: null, messageId: null } }),
  ])
    expect(verifyConsentDocument(edited(change))).toMatchObject({ ok: false, event: null })
})

test("somebody else's signature is none of ours", () => {
  const foreign = signConsentDocument(unsignedLike(chained(2)), otherKey)
  expect(verifyConsentDocument(foreign).ok).toBe(true)
  expect(verifyConsentDocument(foreign, key.publicKey.fingerprint).damage).toContain('not by the one that was given')
  expect(verifyConsentDocument(foreign, 'nonsense').ok).toBe(false)
  const claimed = edited((document) => void (document.signature.fingerprint = key.publicKey.fingerprint), foreign)
  expect(verifyConsentDocument(claimed, key.publicKey.fingerprint).ok).toBe(false)
  const swapped = edited((document) => void (document.signature.publicKey = key.publicKey.pem), foreign)
  expect(verifyConsentDocument(swapped).ok).toBe(false)
})

test('whatever else it is given, it answers and never throws', () => {
  const anything = fc.oneof(
    fc.anything(),
    fc.jsonValue(),
    fc.record({ kind: fc.constant('addressee consent history'), events: fc.jsonValue(), signature: fc.jsonValue() }),
  )
  fc.assert(
    fc.property(anything, (document) => {
      expect(verifyConsentDocument(document).ok).toBe(false)
    }),
  )
})

test('any single change of any value is noticed', () => {
  const document = documentOf()
  const paths: (string | number)[][] = []
  const walk = (value: unknown, path: (string | number)[]): void => {
    if (typeof value !== 'object' || value === null) paths.push(path)
    else for (const [name, member] of Object.entries(value)) walk(member, [...path, name])
  }
  walk(document, [])
  expect(paths.length).toBeGreaterThan(80)
  for (const path of paths) {
    const copy = structuredClone(document) as unknown as Record<string | number, unknown>
    const parent = path.slice(0, -1).reduce((at, name) => at[name] as typeof copy, copy)
    const name = path.at(-1) as string
    parent[name] = typeof parent[name] === 'number' ? 9 : `${String(parent[name])}1`
    expect([path.join('.'), verifyConsentDocument(copy).ok]).toEqual([path.join('.'), false])
  }
})

describe('the key', () => {
  test('is made by HKDF from the secret: the same for ever', () => {
    // By `openssl kdf … HKDF`, `openssl pkey -pubout` and `sha256sum`. Another one would make published keys worthless.
    expect(key.publicKey.fingerprint).toBe('sha256:502894e927e913e24eadff6db1791e28b295e31b3567183be14462e10f5ef9cd')
    expect(key.publicKey.fingerprint).not.toBe(otherKey.publicKey.fingerprint)
    const der = createPublicKey(key.publicKey.pem).export({ format: 'der', type: 'spki' })
    expect(key.publicKey.fingerprint).toBe(`sha256:${createHash('sha256').update(der).digest('hex')}`)
  })

  test('signs what any Ed25519 verifies', () => {
    expect(verify(null, Buffer.from('text'), createPublicKey(key.publicKey.pem), key.sign('text'))).toBe(true)
  })

  test('is read with text around it; other keys and private ones are not', () => {
    expect(readPublicKey(`${key.publicKey.fingerprint}\n${key.publicKey.pem}`)).toEqual(key.publicKey)
    for (const text of ['', 'x', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'])
      expect(readPublicKey(text)).toBeNull()
  })
})

describe('canonical JSON', () => {
  test('as RFC 8785 shows it', () => {
    const value = {
      numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 1e-27],
      string: '\u20ac$\u000f\u000aA\'B"\\\\"/',
      literals: [null, true, false],
    }
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
    expect(canonicalJson({ '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, ö: 7 })).toBe(
      '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}',
    )
  })

  test('means what was given, and one text for one value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value as Json)
        const read = JSON.parse(text) as Json
        expect(canonicalJson(read)).toBe(text)
        expect(read).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  test('refuses what JSON does not have', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, '\ud800', { '\udc00': 1 }])
      expect(() => canonicalJson(value)).toThrow()
  })
})

test('the example in docs/consent.md can be reckoned by hand', async () => {
  const page = await readFile(new URL('../../docs/consent.md', import.meta.url), 'utf8')
  const examples = [...page.matchAll(/printf '%s' '(\[.*\])'\)? \| sha256sum\n# ([0-9a-f]{64})/g)]
  expect(examples).toHaveLength(2)
  let previous = ''
  for (const [, text = '', hash] of examples) {
    const fields = JSON.parse(text) as string[]
    const [contactId, number, at, action, through, actor, channel, addressKey, categoryId, resourceId, ...rest] = fields
    const [legalBasis, explanation, campaignId, wording, ip, userAgent] = rest
    const scope = { channel, addressKey, categoryId, resourceId, campaignId }
    const said = { action, through, actor, legalBasis, explanation, wording, ip, userAgent }
    const event = { contactId, number: Number(number), at, previous, ...scope, ...said } as ChainedEvent
    expect(canonicalEvent(event)).toBe(text)
    expect(eventHash(event)).toBe(hash)
    previous = hash ?? ''
  }
})
