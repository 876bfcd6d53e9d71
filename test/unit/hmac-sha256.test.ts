import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { hmacSha256 } from '../../domain/hmac-sha256.ts'

const bytes = fc.uint8Array({ maxLength: 200 })

test("the code of a message is node:crypto's, whatever the key and the messages before it", () => {
  const key = fc.uint8Array({ maxLength: 64 })
  fc.assert(
    fc.property(key, bytes, bytes, (key, first, second) => {
      const other = first.map((byte, at) => byte ^ (second[at] ?? 0))
      const macOf = hmacSha256(key, first.length)
      for (const message of [first, other, first])
        expect(macOf(message)).toBe(createHmac('sha256', key).update(message).digest('binary'))
    }),
  )
})

test('a key longer than a block is refused: it would have to be hashed first', () => {
  expect(() => hmacSha256(new Uint8Array(65), 1)).toThrow('hashed first')
})
