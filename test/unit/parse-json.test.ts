import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJson } from '../../domain/parse-json.ts'

test('reads what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      expect(parseJson(text)).toEqual(JSON.parse(text))
    }),
  )
  for (const text of ['{"a":"\\":","b":":"}', '["a",":"]', '[":", "x"]', '{"__proto__":1}', '{"":{"":[{"" :1}]}}'])
    expect(parseJson(text)).toEqual(JSON.parse(text))
})

test('refuses a member that is there twice, however it is written', () => {
  for (const text of [
    '{"a":1,"a":1}',
    '[{"x":{"a":1,"b":2,\n"a" :3}}]',
    '{"a":1,"\\u0061":2}',
    '{"__proto__":1,"__proto__":2}',
  ])
    expect(() => parseJson(text)).toThrow('twice')
  for (const text of ['', '{', '{"a"}', "{'a':1}", '[1,]']) expect(() => parseJson(text)).toThrow(SyntaxError)
})
