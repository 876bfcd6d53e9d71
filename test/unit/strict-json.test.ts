import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseStrictJson } from '../../domain/strict-json.ts'

const faultOf = (text: string) => {
  const parsed = parseStrictJson(text)
  return parsed.ok ? null : parsed.fault
}

// Of a key with one of these the parser itself cannot be trusted.
const plainKey = fc.string().filter((key) => !/["\\\0]/.test(key) && key.isWellFormed())
const plainText = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0') && text.isWellFormed())
const { value: anything } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 5 }, fc.constantFrom(null, true, -1.5, 1e21), plainText, tie('array'), tie('object')),
  array: fc.array(tie('value'), { maxLength: 4 }),
  object: fc.dictionary(plainKey, tie('value'), { maxKeys: 4 }),
}))

test('what is plain JSON is read as JSON.parse reads it, however it is written', () => {
  fc.assert(
    fc.property(anything, fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      expect(parseStrictJson(text)).toEqual({ ok: true, value: JSON.parse(text) })
    }),
  )
})

test('a key that stands twice is found wherever it stands', () => {
  fc.assert(
    fc.property(plainKey, anything, (plain, value) => {
      const key = JSON.stringify(plain)
      const twice = `{${key}:${JSON.stringify(value)},${key}:1}`
      for (const text of [twice, `[${twice}]`, `{"\\u0078 of mine":[0,${twice}]}`])
        expect(faultOf(text)).toBe('duplicate_key')
    }),
  )
})

test.each([
  ['{"a":1,"a":2}', 'duplicate_key'],
  ['{"a":1,"\\u0061":2}', 'duplicate_key'],
  ['{"__proto__":1,"__proto__":2}', 'duplicate_key'],
  ['{"x":[{"y":1,"z":{"y":1},"y":2}]}', 'duplicate_key'],
  ['['.repeat(30_000) + ']'.repeat(30_000), 'too_deep'],
  ['['.repeat(21) + ']'.repeat(21), 'too_deep'],
  ['{"a":1', 'malformed'],
  ['', 'malformed'],
  ['{a:1}', 'malformed'],
  ['"\\', 'malformed'],
  ['[1,]', 'malformed'],
  ['\ufeff{}', 'malformed'],
  ['{"a" "b"}', 'malformed'],
  [':', 'malformed'],
  ['{"\\"":1}', 'odd_key'],
  ['{"a\\\\":1}', 'odd_key'],
  ['["a\\u0000"]', 'bad_text'],
  ['{"a":"\\ud800"}', 'bad_text'],
])('%.30s is refused: %s', (text, fault) => {
  expect(faultOf(text)).toBe(fault)
})

test.each([
  '{"a":{"a":1},"b":[{"a":1},{"a":2}]}',
  '{"a":"{\\"a\\":1,\\"a\\":2}"}',
  '{"a":["b","b"],"b":"a"}',
  '["a",":"]',
  '{"__proto__":1}',
  '['.repeat(20) + ']'.repeat(20),
  JSON.stringify('['.repeat(50)),
])('%.40s is taken', (text) => {
  expect(parseStrictJson(text)).toEqual({ ok: true, value: JSON.parse(text) })
})
