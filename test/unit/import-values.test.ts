import { expect, test } from 'vitest'
import {
  readAttribute,
  readCategories,
  readExternalId,
  readLanguage,
  readName,
  readOptOut,
  readTimeZone,
} from '../../client/import/values.ts'

const ok = <T>(value: T) => ({ ok: true, value })
const no = (...rules: string[]) => ({ ok: false, rules })

test.each([
  [' Ada ', 'Ada'],
  ['Bob\r\nBcc: x', 'Bob  Bcc: x'],
  ['\nTab\tand\u0085more\u2028', 'Tab and more'],
  ['Zoe\u0308', 'Zoë'],
  ['=HYPERLINK("x")', '=HYPERLINK("x")'],
  ['محمد', 'محمد'],
  ['👩‍🚀', '👩‍🚀'],
  ['  ', null],
])('the name %j becomes %j', (written, name) => {
  expect(readName(written)).toEqual(ok(name))
})

test('values beyond all sense are refused', () => {
  expect(readName('x'.repeat(200))).toEqual(ok('x'.repeat(200)))
  expect(readName('x'.repeat(201))).toEqual(no('at most 200 characters'))
  expect(readExternalId('x'.repeat(201))).toEqual(no('at most 200 characters'))
  expect(readExternalId(' ')).toEqual(ok(null))
  expect(readAttribute('x'.repeat(10_001))).toEqual(no('at most 10000 characters'))
  expect(readAttribute(' two\nlines ')).toEqual(ok('two\nlines'))
})

test.each([
  ['en', 'en'],
  ['EN_gb', 'en-GB'],
  [' zh-hant-tw ', 'zh-Hant-TW'],
  ['', null],
])('the language %j becomes %j', (written, language) => {
  expect(readLanguage(written)).toEqual(ok(language))
})

test.each(['English', 'e', 'de/en', 'en-', 'en-x', 'de, en', `en${'-abcd'.repeat(9)}`])(
  '%j is no language',
  (written) => {
    expect(readLanguage(written)).toEqual(no('not a language tag such as en or de-AT'))
  },
)

test.each(['Europe/Kyiv', 'UTC', 'america/new_york', 'Asia/Kolkata'])('%s is a time zone', (written) => {
  expect(readTimeZone(` ${written} `)).toEqual(ok(written))
})

test.each(['Mars/Olympus', '+02:00', 'GMT+2h', 'Berlin', "Europe/Berlin'; --"])('%s is no time zone', (written) => {
  expect(readTimeZone(written)).toEqual(no('not a time zone such as Europe/Berlin'))
})

test('categories are known keys', () => {
  const known = new Map([
    ['news', '1'],
    ['offers', '2'],
  ])
  expect(readCategories(' News ; OFFERS;;', known)).toEqual(ok(['1', '2']))
  expect(readCategories('', known)).toEqual(ok([]))
  expect(readCategories('news,nws|x', known)).toEqual(no('there is no category "nws"', 'there is no category "x"'))
})

test('an opt-out is yes or no, and nothing is guessed', () => {
  for (const yes of ['yes', 'YES', ' x ', '1', 'TRUE', 'ja', 'так', 'opted-out'])
    expect(readOptOut(yes)).toEqual(ok(true))
  for (const not of ['', ' ', 'no', 'False', '0', 'nein', '-']) expect(readOptOut(not)).toEqual(ok(false))
  for (const unclear of ['maybe', 'N/A', '2', 'yes please'])
    expect(readOptOut(unclear)).toEqual(no('neither yes nor no'))
})
