import { expect, test } from 'vitest'
import { lineEnds, readText } from '../../client/import/text.ts'

async function read(...chunks: (Buffer | string)[]): Promise<string> {
  async function* source() {
    yield* chunks
  }
  let all = ''
  for await (const text of readText(source(), 'file')) all += text
  return all
}

test('the byte order mark goes, and every line end becomes LF wherever the pieces are cut', async () => {
  expect(await read('\uFEFFa\r', '\nb\r', 'c\n', '\r', '\nd')).toBe('a\nb\nc\n\nd')
  const bytes = Buffer.from('ü\r\n👩‍🚀')
  expect(await read(...Array.from(bytes, (byte) => Buffer.of(byte)))).toBe('ü\n👩‍🚀')
})

test('what is not UTF-8 is refused with its line', async () => {
  await expect(read('a\nb\n', Buffer.from([0x63, 0x0a, 0xe9, 0x0a]))).rejects.toThrow('file: line 4 is not UTF-8')
  await expect(read('a\n', Buffer.of(0xc3))).rejects.toThrow('file: line 2 is not UTF-8')
})

test('what is no text is refused by what it is', async () => {
  await expect(read(Buffer.of(0xff, 0xfe, 0x61, 0))).rejects.toThrow('the input is UTF-16 text')
  await expect(read(Buffer.of(0xfe, 0xff, 0, 0x61))).rejects.toThrow('the input is UTF-16 text')
  await expect(read(Buffer.of(0x1f, 0x8b, 8))).rejects.toThrow('the input is compressed with gzip')
  await expect(read('a\r\nb\0')).rejects.toThrow('file: line 2 holds a NUL byte')
})

test('line ends are counted', () => {
  expect(['', 'a', '\n', 'a\nb\n\n'].map(lineEnds)).toEqual([0, 0, 1, 3])
})
