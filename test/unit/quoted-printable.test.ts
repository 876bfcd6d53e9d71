import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileQuotedPrintable } from '../../channels/email/quoted-printable.ts'

const write = (literals: string[], ...filled: string[]): string => compileQuotedPrintable(literals)(filled)

const fragment = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '  ',
    '\t',
    '\r\n',
    '\n',
    '\r',
    '.',
    '\n.\n',
    '=',
    '=\r\n',
    '=3D',
    'Hello',
    ', ',
    ' \n',
    '\0',
  ),
  fc.constantFrom(
    'ü',
    '漢字',
    '👩‍👩‍👧‍👦',
    '\ud83d',
    '\udc69',
    '\u2028',
    '\u00a0',
    '\x7f',
    'From ',
    '--=_campaign-42--',
  ),
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc
    .tuple(fc.constantFrom('x', 'ü', ' ', 'word ', '=', 'https://example.com/'), fc.integer({ min: 1, max: 80 }))
    .map(repeat),
  fc.constantFrom('w'.repeat(10_000), 'long '.repeat(2_000), 'é'.repeat(500)),
)
const piece = fc.array(fragment, { maxLength: 5 }).map((fragments) => fragments.join(''))
const message = fc.array(fc.tuple(piece, piece), { maxLength: 6 }).chain((pairs) =>
  fc.tuple(
    piece.map((last) => [...pairs.map(([literal]) => literal), last]),
    // A literal is encoded once for many people: two of them, one perhaps with nothing at all.
    fc.constantFrom(
      pairs.map(([, value]) => value),
      pairs.map(() => ''),
    ),
  ),
)

function repeat([text, times]: [string, number]): string {
  return text.repeat(times)
}

/** RFC 2045 6.7, without any of the mercy that it asks of decoders. */
function decode(encoded: string): string {
  const lines = encoded.split('\r\n')
  for (const line of lines) {
    expect(line.length).toBeLessThanOrEqual(76)
    expect(line).toMatch(/^(?:[\t\x20-\x3c\x3e-\x7e]|=[0-9A-F]{2})*(?:[\x21-\x3c\x3e-\x7e]|=[0-9A-F]{2}|=)?$/)
  }
  expect(lines.at(-1)).toBe('')
  expect(lines.at(-2)).not.toMatch(/=$/)
  const escaped = encoded.replaceAll('=\r\n', '')
  const bytes = escaped.replaceAll(/=([0-9A-F]{2})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(bytes, 'latin1').toString()
}

const asSent = (text: string): string => text.replaceAll(/\r\n|\r|\n/g, '\r\n').toWellFormed()

describe('a text with holes in quoted-printable', () => {
  it('is what was written, whatever stands in the literals and in the holes', () => {
    fc.assert(
      fc.property(message, ([literals, filled]) => {
        const text = literals.map((literal, index) => asSent(literal) + asSent(filled[index] ?? '')).join('')
        const ended = text.endsWith('\r\n') ? text : `${text}\r\n`
        expect(decode(write(literals, ...filled))).toBe(ended)
      }),
      { numRuns: 400 },
    )
  })

  it.each<[string, string[], string[], string]>([
    ['nothing', [''], [], '\r\n'],
    ['nothing in the hole', ['', ''], [''], '\r\n'],
    ['a line end in the hole', ['a', ''], ['\n'], 'a\r\n'],
    ['a value between words', ['Hello ', ', how are you?\n'], ['Ada'], 'Hello Ada, how are you?\r\n'],
    ['a value beyond ASCII', ['Hello ', '!'], ['Ádá'], 'Hello =C3=81d=C3=A1!\r\n'],
    ['a space before an empty hole and a word', ['a ', 'b'], [''], 'a b\r\n'],
    ['a space before an empty hole at the end of a line', ['a ', '\nb'], [''], 'a=20\r\nb\r\n'],
    ['a space before an empty hole at the end', ['a\t', ''], [''], 'a=09\r\n'],
    ['a space before a line end in the hole', ['a ', 'b'], ['\nc '], 'a=20\r\nc=20b\r\n'],
    ['a space that ends the value and the line', ['a', '\n'], ['b '], 'ab=20\r\n'],
    ['blanks before a value', ['a   ', 'b'], ['c'], 'a   cb\r\n'],
    ['a dot at the start of a line', ['a\n', '\n'], ['.'], 'a\r\n.\r\n'],
  ])('with %s', (_name, literals, filled, expected) => {
    expect(write(literals, ...filled)).toBe(expected)
  })

  it('has soft line breaks where a value or the literal behind it would go beyond 76 characters', () => {
    const x = (count: number) => 'x'.repeat(count)
    expect(write([x(70), x(5)], 'yyyyy')).toBe(`${x(70)}yyyyy=\r\n${x(5)}\r\n`)
    expect(write([x(70), 'x'], 'yyyyy')).toBe(`${x(70)}yyyyyx\r\n`)
    expect(write([x(70), `x\n${x(74)}\n`], 'yyyyy')).toBe(`${x(70)}yyyyyx\r\n${x(74)}\r\n`)
    expect(write([x(70), ''], 'y'.repeat(90))).toBe(`${x(70)}yyyyy=\r\n${'y'.repeat(75)}=\r\n${'y'.repeat(10)}\r\n`)
    expect(write(['', ''], `${x(74)}\nyy`)).toBe(`${x(74)}\r\nyy\r\n`)
    expect(write([`${x(135)}.`, ''], '')).toBe(`${x(75)}=\r\n${x(60)}.\r\n`)
    expect(write([x(70), ''], 'ü')).toBe(`${x(70)}=\r\n=C3=BC\r\n`)
  })
})
