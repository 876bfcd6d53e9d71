import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseStrictJson } from '../../domain/strict-json.ts'

test.each([
  ['{"a":1,"a":2}', 'duplicate_key'],
  ['{"a":1,"\\u0061":2}', 'duplicate_key'],
  ['{"x":[{"y":1,"z":{"y":1},"y":2}]}', 'duplicate_key'],
  ['['.repeat(30_000) + ']'.repeat(30_000), 'too_deep'],
  ['['.repeat(60_000), 'malformed'],
  ['{"a":1', 'malformed'],
  ['', 'malformed'],
  ['{a:1}', 'malformed'],
])('%.30s is refused: %s', (text, fault) => {
  expect(parseStrictJson(text)).toEqual({ ok: false, fault })
})

test.each([
  '{"a":{"a":1},"b":[{"a":1},{"a":2}]}',
  '{"a":"{\\"a\\":1,\\"a\\":2}"}',
  '{"a":["b","b"],"b":"a"}',
  '{"a\\\\":1,"a":":"}',
])('%s is taken', (text) => {
  expect(parseStrictJson(text)).toEqual({ ok: true, value: JSON.parse(text) })
})

test('whatever JSON.stringify writes is taken as it is', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = JSON.stringify(value)
      expect(parseStrictJson(text)).toEqual({ ok: true, value: JSON.parse(text) })
    }),
  )
})
