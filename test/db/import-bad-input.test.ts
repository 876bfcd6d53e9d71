import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { importContacts } from '../../client/import/contact-import.ts'
import { Refusal } from '../../domain/refusal.ts'
import { createImports, nothing } from '../setup/imports.ts'

const { db, folder, errorFile, importText, errorLines, contacts } = await createImports()

test('each rejected row stands in the error file with its line, column, value and rule', async () => {
  const report = await importText(
    [
      'id,email,first name,language,time zone,topics,unsubscribed,notes',
      '1,a@example.com,Ada,en,Europe/London,news,no,"two',
      'lines, and ""quotes"""',
      '2,b@@example.com,Bea,xx-,Mars/Base,news;nws;old,maybe,',
      '',
      '3,c@example.com,Cleo',
      '4,d@example.com,Dora,english,UTC+2,news,,fine,extra',
      '5,e@example.com,Eve,klingon,+02:00,,no,',
      ',,,,,,,',
      '6,"f@example.com"oops,Fay,en,,,no,',
      `7,=cmd()@example.com,${'x'.repeat(201)},en,,,no,"${'n'.repeat(600)}"`,
      `${'8'.repeat(201)},h@example.com,"Hal, J.",,,,no,`,
    ].join('\r\n'),
  )
  expect(report).toEqual({ ...nothing, rows: 8, created: 2, rejected: 6, warnings: 2, subscribed: 1, errorFile })
  expect(await errorLines()).toEqual([
    '\uFEFFline,column,value,rule',
    '4,email,b@@example.com,an e-mail address has only one @',
    '4,language,xx-,not a language tag such as en or de-AT: left out',
    '4,time zone,Mars/Base,not a time zone such as Europe/Berlin: left out',
    '4,topics,news;nws;old,"there is no category ""nws"""',
    '4,topics,news;nws;old,"there is no category ""old"""',
    '4,unsubscribed,maybe,neither yes nor no',
    '6,,"3,c@example.com,Cleo","the row has 3 columns, the header 8"',
    '7,,"4,d@example.com,Dora,english,UTC+2,news,,fine,extra","the row has 9 columns, the header 8"',
    '8,language,klingon,not a language tag such as en or de-AT: left out',
    "8,time zone,'+02:00,not a time zone such as Europe/Berlin: left out",
    '10,,"6,""f@example.com""oops,Fay,en,,,no,",a quoted value goes on after its closing quote',
    '7,=cmd()@example.com'
      .replace('7,', "11,email,'")
      .concat(',the name holds a character that an e-mail address cannot hold'),
    `11,first name,${'x'.repeat(201)},at most 200 characters`,
    `12,id,${'8'.repeat(201)},at most 200 characters`,
    '',
  ])
})

test('an error file that an earlier import left is gone when nothing is wrong any more', async () => {
  await writeFile(errorFile, 'old')
  expect(await importText('email\na@example.com\n')).toMatchObject({ errorFile: null })
  await expect(readFile(errorFile)).rejects.toThrow('ENOENT')
})

test('damage met late ends the import with the line; what is in stays, and a mended file continues', async () => {
  const rows = Array.from({ length: 1500 }, (_, index) => `${index},c${index}@example.com,news,`).join('\n')
  const broken = `id,email,topics,notes\n${rows}\n9999,z@example.com,news,"never closed\n10000,y@example.com,news,x\n`
  const failure = await importText(broken).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(Refusal)
  expect(String(failure)).toContain('input: a quote that opens after line 1501 never closes')
  expect(String(failure)).toContain('The first 1000 rows were imported and stay')
  expect(await contacts()).toHaveLength(1000)
  const report = await importText(broken.replace('"never', 'never'))
  expect(report).toEqual({ ...nothing, rows: 1502, created: 502, unchanged: 1000, subscribed: 502 })
})

const refusals: [name: string, input: Buffer | string, sentence: string][] = [
  ['empty', '', 'input: the file is empty'],
  ['only empty lines', '\n\n , \n', 'input: the file is empty'],
  ['UTF-16', Buffer.from('\uFEFFemail\n', 'utf16le'), 'input: the input is UTF-16 text'],
  ['a spreadsheet', Buffer.from('PK\u0003\u0004\u0014'), 'input: the input is a spreadsheet or another zip archive'],
  ['NUL bytes', 'email\na@example.com\n\0\n', 'input: line 3 holds a NUL byte'],
  [
    'Windows-1252',
    Buffer.from('email,name\na@example.com,Ada\nb@example.com,Zo\xeb\n', 'latin1'),
    'line 3 is not UTF-8',
  ],
  ['cut in a character', Buffer.from('email\na@example.com\nü').subarray(0, -1), 'line 3 is not UTF-8'],
  ['an open quote', 'email,x\na@example.com,"b\nc\n', 'a quote that opens after line 1 never closes'],
  ['no e-mail column', 'id,name\n1,Ada\n', 'mapping: no column holds the e-mail address (the columns are: id, name)'],
  ['a damaged header', '"email"s,x\na,b\n', 'the first line has a quoted name that goes on'],
  ['an endless value', `email,x\na@example.com,"${'y'.repeat(1_000_100)}`, 'the record after line 1 is longer than'],
]
test.each(refusals)('%s: refused before anything is written', async (_, input, sentence) => {
  const failure = await importContacts(db, Readable.from([Buffer.from(input)]), { source: 'test' }).catch(
    (error: unknown) => error,
  )
  expect(failure).toBeInstanceOf(Refusal)
  expect(String(failure)).toContain(sentence)
  expect(await contacts()).toEqual([])
})

test('a path is read as a file; one that is missing, a folder or the error file itself is refused', async () => {
  const path = join(folder, 'contacts.csv')
  await writeFile(path, 'email\na@example.com\nb@example.com\n')
  const progress: unknown[] = []
  const onProgress = (each: unknown) => void progress.push(each)
  expect(await importContacts(db, path, { source: 'test', onProgress })).toMatchObject({ created: 2 })
  expect(progress).toEqual([{ rows: 2, bytes: 34, totalBytes: 34 }])
  const imported = (input: string, file?: string) =>
    importContacts(db, input, { source: 'test', ...(file === undefined ? {} : { errorFile: file }) })
  await expect(imported(join(folder, 'missing.csv'))).rejects.toThrow('there is no such file')
  await expect(imported(folder)).rejects.toThrow('this is not a file')
  await expect(imported(path, join(folder, '.', 'contacts.csv'))).rejects.toThrow('errorFile: it would overwrite')
})

test('pieces of any size give the same contacts', async () => {
  const text = '\uFEFFid,email,notes\r\n1,ä@example.com,"a\r\nb"\r\n2,c@@example.com,\r\n'
  const pieces = Array.from(Buffer.from(text), (byte) => Buffer.of(byte))
  const report = await importContacts(db, Readable.from(pieces), { source: 'test', errorFile })
  expect(report).toMatchObject({ rows: 2, created: 1, rejected: 1 })
  expect((await errorLines())[1]).toBe('4,email,c@@example.com,an e-mail address has only one @')
  expect(await contacts()).toMatchObject([{ attributes: { notes: 'a\nb' } }])
})
