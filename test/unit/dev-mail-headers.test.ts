import { expect, test } from 'vitest'
import { headerBlock, headerValue } from '../../dev/mail-catcher/header-block.ts'

const raw = (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'))

test('the block ends at the first empty line', () => {
  expect(headerBlock(raw('A: 1\nB: 2\n\nSubject: body\n\n'))).toBe('A: 1\r\nB: 2')
  expect(headerBlock(raw('A: 1\nB: 2'))).toBe('A: 1\r\nB: 2')
  expect(headerBlock(Buffer.alloc(1_000_000, 'x')).length).toBe(65_536)
})

test('a value is unfolded; its name is compared whole and without regard to case', () => {
  const block = headerBlock(raw('X-Subject: no\nsUBJECT:one\n two\n\tthree\nTo: a\nSubject: second\n\n'))
  expect(headerValue(block, 'Subject')).toBe('one two\tthree')
  expect(headerValue(block, 'to')).toBe('a')
  expect(headerValue(block, 'List-ID')).toBe('')
})
