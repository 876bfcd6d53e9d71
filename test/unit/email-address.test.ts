import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressKeys } from '../../domain/address-key.ts'
import { parseEmail } from '../../domain/email-address.ts'

test.each([
  ['ada@example.com', 'ada@example.com', 'ada@example.com'],
  ['  Ada@Example.COM\t', 'Ada@example.com', 'ada@example.com'],
  ['ada+news@example.com', 'ada+news@example.com', 'ada+news@example.com'],
  ["o'brien@example.com", "o'brien@example.com", "o'brien@example.com"],
  ['kontakt@müller.example', 'kontakt@xn--mller-kva.example', 'kontakt@xn--mller-kva.example'],
  ['ivan@почта.example', 'ivan@xn--80a1acny.example', 'ivan@xn--80a1acny.example'],
  ['Jose\u0301@example.com', 'José@example.com', 'josé@example.com'],
  ['a@EXAMPLE.xn--p1ai', 'a@example.xn--p1ai', 'a@example.xn--p1ai'],
  [`${'l'.repeat(64)}@${'d'.repeat(63)}.example`, null, null],
])('%j is read', (written, value, normalised) => {
  const expected = { ok: true, value: value ?? written, normalised: normalised ?? written }
  expect(parseEmail(written)).toEqual(expected)
})

const shape = 'an e-mail address has a name, an @ and a domain'
const noDomain = 'the part after the @ is no domain name'
const dots = 'a dot stands at an end of the name or next to another dot'
const character = 'the name holds a character that an e-mail address cannot hold'

test.each([
  ['', 'the e-mail address is missing'],
  [' \u00a0', 'the e-mail address is missing'],
  ['ada.example.com', shape],
  ['@example.com', shape],
  ['ada@', shape],
  ['ada@@example.com', 'an e-mail address has only one @'],
  ['ada@home@example.com', 'an e-mail address has only one @'],
  ['ada@localhost', noDomain],
  ['ada@example.com.', noDomain],
  ['ada@example..com', noDomain],
  ['ada@.example.com', noDomain],
  ['ada@-x.example', noDomain],
  ['ada@a_b.example', noDomain],
  ['ada@exa mple.com', noDomain],
  ['ada@ex%41mple.com', noDomain],
  ['ada@192.0.2.1', noDomain],
  ['ada@[192.0.2.1]', noDomain],
  ['ada@0x7f.1', noDomain],
  ['ada@xn--.example', noDomain],
  [`ada@${'d'.repeat(64)}.example`, noDomain],
  ['Ada <ada@example.com>', noDomain],
  ['ada@example.com\r\nBcc: eve@example.net', 'an e-mail address has only one @'],
  ['ada@example.com\r\nSubject: x', noDomain],
  ['.ada@example.com', dots],
  ['ada.@example.com', dots],
  ['ada..l@example.com', dots],
  ['ada l@example.com', character],
  ['ada\u200bl@example.com', character],
  ['"ada"@example.com', character],
  ['mailto:ada@example.com', character],
  [`${'l'.repeat(65)}@example.com`, 'at most 64 bytes before the @'],
  [`${'ä'.repeat(33)}@example.com`, 'at most 64 bytes before the @'],
  [`a@${'d.'.repeat(123)}example`, 'at most 254 bytes in all'],
])('%j is refused: %s', (written, rule) => {
  expect(parseEmail(written)).toEqual({ ok: false, rule })
})

test('an accepted address holds nothing that could end or split a header', () => {
  const pieces = fc.constantFrom(
    'a',
    'Ü',
    '.',
    '@',
    ' ',
    '\r',
    '\n',
    '\0',
    ',',
    ';',
    '<',
    '>',
    '"',
    '\u2028',
    'b.example',
  )
  const written = fc.array(pieces, { maxLength: 12 }).map((all) => all.join(''))
  fc.assert(
    fc.property(fc.oneof(written, fc.string({ unit: 'binary' }), fc.emailAddress()), (text) => {
      const parsed = parseEmail(text)
      if (!parsed.ok) return
      expect(parsed.value).toMatch(/^[^\s\p{Cc}\p{Cf}<>",;:()[\]\\@]+@[a-z0-9.-]+$/u)
      expect(parseEmail(parsed.value)).toEqual(parsed)
      expect(parseEmail(parsed.normalised)).toMatchObject({ normalised: parsed.normalised })
    }),
  )
})

test('the address key is 16 bytes that depend on the pepper, the channel and the address', () => {
  const keyOf = addressKeys(Buffer.alloc(32, 1))
  const key = keyOf('email', 'ada@example.com')
  expect(key.toString('hex')).toBe('22d1c551f165e4a68d934dd031d6d503')
  expect(keyOf('email', 'ada@example.com').equals(key)).toBe(true)
  expect(keyOf('sms', 'ada@example.com').equals(key)).toBe(false)
  expect(keyOf('email', 'eve@example.com').equals(key)).toBe(false)
  expect(addressKeys(Buffer.alloc(32, 2))('email', 'ada@example.com').equals(key)).toBe(false)
})
