import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CsvRecord, readRecords } from '../../client/import/records.ts'
import { readText } from '../../client/import/text.ts'
import { Refusal } from '../../domain/refusal.ts'

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function records(text: string, size = 65_536): Promise<CsvRecord[]> {
  const all: CsvRecord[] = []
  for await (const record of readRecords(readText(pieces(Buffer.from(text), size), 'file'), 'file')) all.push(record)
  return all
}

const brief = async (text: string) => (await records(text)).map(({ line, values }) => [line, ...values])

test.each(['\n', '\r\n', '\r'])('lines that end in %j are counted, within quotes too', async (end) => {
  const text = ['a,b', '1,"x', '', 'y"', '', '2,z', '3,"q"'].join(end)
  expect(await brief(text)).toEqual([
    [1, 'a', 'b'],
    [2, '1', 'x\n\ny'],
    [6, '2', 'z'],
    [7, '3', 'q'],
  ])
})

test('the delimiter is that of the first line outside quotes', async () => {
  expect(await brief('"a,b,c,d";e\n1,2;3')).toEqual([
    [1, 'a,b,c,d', 'e'],
    [2, '1,2', '3'],
  ])
  expect(await brief('a\tb, c\n\t"x"')).toEqual([
    [1, 'a', 'b, c'],
    [2, '', 'x'],
  ])
  expect(await brief('\n\n"a\nx",b\n1,2')).toEqual([
    [3, 'a\nx', 'b'],
    [5, '1', '2'],
  ])
  expect(await brief('email\na;b')).toEqual([
    [1, 'email'],
    [2, 'a;b'],
  ])
})

test('stray quotes are text, spaces before a quote are not', async () => {
  expect(await brief('a,b\n5" disk, "Smith, Bob"\n"""x""",y""')).toEqual([
    [1, 'a', 'b'],
    [2, '5" disk', 'Smith, Bob'],
    [3, '"x"', 'y""'],
  ])
})

test('a value that goes on after its quote marks only its own record as damaged', async () => {
  const all = await records('a,b\n1,"x"y\n2,"""z"""\n3,"open\n4,"shut",c\n5,v\n')
  expect(all.map(({ line, lastLine, damaged }) => [line, lastLine, damaged])).toEqual([
    [1, 1, false],
    [2, 2, true],
    [3, 3, false],
    [4, 5, true],
    [6, 6, false],
  ])
})

test('a quote that never closes is named by the line before it', async () => {
  await expect(records('a,b\n1,x\n\n2,"y\n3,z\n')).rejects.toThrow(
    new Refusal({
      field: 'file',
      rule: 'a quote that opens after line 2 never closes',
      remedy: 'Close the quote, or double it ("") if it belongs to the value, and import the file again.',
    }),
  )
})

test('an error in the input is the error of the records', async () => {
  await expect(records('a,b\n1,\0\n')).rejects.toThrow('file: line 2 holds a NUL byte')
})

test('whatever the values, the line ends and the pieces, what was written is read', async () => {
  const value = fc
    .array(fc.constantFrom('a', 'ü', '漢', '👩‍🚀', '"', ',', ';', '\t', ' x', '\n', "'", '='), { maxLength: 6 })
    .map((all) => all.join('').trimStart())
  const table = fc.array(fc.tuple(fc.constant('id'), value, value), { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.integer({ min: 1, max: 9 }),
      async (rows, end, size) => {
        const quoted = (each: string) => `"${each.replaceAll('"', '""')}"`
        const lines = rows.map((row) => row.map(quoted).join(',').replaceAll('\n', end))
        const read = await records(`a,b,c${end}${lines.join(end)}`, size)
        expect(read.slice(1).map(({ values }) => values)).toEqual(rows)
        expect(read.some(({ damaged }) => damaged)).toBe(false)
        const starts = lines.map(
          (_, index) => 2 + lines.slice(0, index).join(end).split(end).length - (index === 0 ? 1 : 0),
        )
        expect(read.slice(1).map(({ line }) => line)).toEqual(starts)
      },
    ),
  )
})
