import { describe, expect, it } from 'vitest'
import { extensionsOf } from '../../channels/email/extensions.ts'
import { createReplyReader } from '../../channels/email/reply-reader.ts'

const dialogue = '250 ok\r\n250-one\r\n250-\r\n250 two\r\n\r\n354\r\nwhat?\r\n550 5.1.1 né\n221 bye\r\n25'
const replies = [
  [250, '250 ok'],
  [250, '250-one\r\n250-\r\n250 two'],
  [354, '354'],
  [0, 'what?'],
  [550, '550 5.1.1 né'],
  [221, '221 bye'],
]
const bytes = Buffer.from(dialogue).toString('latin1')

function read(pieces: string[]) {
  const seen: [number, string][] = []
  const reader = createReplyReader((code, text) => seen.push([code, text]))
  for (const piece of pieces) reader.read(piece)
  return { seen, rest: reader.rest() }
}

describe('replies', () => {
  it('are the same wherever they are split', () => {
    for (let first = 0; first <= bytes.length; first += 1)
      for (let second = first; second <= bytes.length; second += 1)
        expect(read([bytes.slice(0, first), bytes.slice(first, second), bytes.slice(second)])).toEqual({
          seen: replies,
          rest: '25',
        })
  })

  it('are the same byte by byte', () => {
    expect(read(bytes.split(''))).toEqual({ seen: replies, rest: '25' })
  })

  it('that are not UTF-8 keep their bytes', () => {
    expect(read(['250 \xe9\r\n']).seen).toEqual([[250, '250 \xe9']])
  })

  it.each(['199 a', '600 a', '2a0 a', '25', ' 250 a'])('have a code from 200 to 599: %j has none', (line) => {
    expect(read([`${line}\r\n`]).seen).toEqual([[0, line]])
  })

  it('that do not end are reported once they are longer than any reply', () => {
    expect(read(['250-a\r\n'.repeat(9_000)]).seen).toEqual([])
    expect(read(['250-a\r\n'.repeat(10_000)]).seen).toEqual([[0, 'The reply does not end']])
  })
})

describe('extensions', () => {
  it('are the first words after the greeting, whatever their case', () => {
    const hello = '250-pipelining.example.com PIPELINING\r\n250-Size 1000\n250-AUTH PLAIN DSN\r\n250 8bitmime'
    expect([...extensionsOf(hello)]).toEqual(['SIZE', 'AUTH', '8BITMIME'])
  })

  it('are none where EHLO was refused', () => {
    expect(extensionsOf('250 test.example.com').size).toBe(0)
    expect(extensionsOf('').size).toBe(0)
  })
})
