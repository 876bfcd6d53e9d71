import { expect, test } from 'vitest'
import { seededRandom } from '../../dev/sample/random.ts'
import { parseStrictJson } from '../../http/api/strict-json.ts'

const random = seededRandom(11)
const keys = ['', 'a', '{', '}', '[', ':', ',', '\n', 'ключ', '👩', 'u0061', '/']
const texts = ['', 'a', '"', '\\', '{', '}', '[', ':', ',', '\n', 'ключ', '👩', '\\u0061', '/']

function anything(depth: number): unknown {
  const kind = random.below(depth > 6 ? 4 : 7)
  if (kind === 0) return random.pick([0, -1.5, 1e21, true, false, null])
  if (kind < 4) return Array.from({ length: random.below(4) }, () => random.pick(texts)).join('')
  if (kind === 4) return Array.from({ length: random.below(4) }, () => anything(depth + 1))
  return Object.fromEntries(Array.from({ length: random.below(4) }, () => [random.pick(keys), anything(depth + 1)]))
}

test('what is plain JSON is read as JSON.parse reads it, however it is written', () => {
  for (let each = 0; each < 2000; each += 1) {
    const value = anything(0)
    for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)])
      expect(parseStrictJson(text)).toEqual(JSON.parse(text))
  }
})

test('a key that stands twice is found wherever it stands', () => {
  for (let each = 0; each < 500; each += 1) {
    const key = JSON.stringify(random.pick(keys))
    const twice = `{${key}:${JSON.stringify(anything(3))},${key}:1}`
    for (const text of [twice, `[${twice}]`, `{"x":[0,${twice}]}`])
      expect(() => parseStrictJson(text), text).toThrow('stands twice')
  }
})

test('a key that V8 could mistake for another is refused', () => {
  for (const key of ['"', '\\', 'a\\', '\\"'])
    expect(() => parseStrictJson(JSON.stringify({ [key]: 1 }))).toThrow('holds a quotation mark or a backslash')
})

test('20 levels are read, 21 are not; brackets in a text are no levels', () => {
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
  expect(() => parseStrictJson(nested(20))).not.toThrow()
  expect(() => parseStrictJson(nested(21))).toThrow('deeper than 20')
  expect(parseStrictJson(JSON.stringify('['.repeat(50)))).toHaveLength(50)
})

test.each(['{', '"', '"\\', '[1,]', '{"a":1,}', 'nul', '01', '\ufeff{}', "{'a':1}", '{"a" "b"}', '}', ':'])(
  '%j is refused',
  (text) => expect(() => parseStrictJson(text)).toThrow('not JSON'),
)
