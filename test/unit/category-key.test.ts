import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { keyFromTitle, keyPattern } from '../../domain/category-key.ts'

test.each([
  ['Weekly news', 'weekly-news'],
  ['  --Offers & Co.--  ', 'offers-co'],
  ['Ünïcode', 'unicode'],
  ['Straße', 'strasse'],
  ['Новини та акції', 'novini-ta-aktsii'],
  ['Ελλάδα', 'ellada'],
  ['新闻', 'xinwen'],
  ['ニュース', 'niyusu'],
  ['أخبار', 'khbr'],
  ['🎉', 'tada'],
  ['', 'category'],
  ['\u200b…!', 'category'],
])('the title %j gives the key %s', (title, key) => {
  expect(keyFromTitle(title)).toBe(key)
})

test('a key that is taken gets the next free number', () => {
  expect(keyFromTitle('News', new Set(['news']))).toBe('news-2')
  expect(keyFromTitle('News', new Set(['news', 'news-2', 'news-4']))).toBe('news-3')
})

test('a long title is cut at 60 characters, and the number still fits', () => {
  const title = `${'x'.repeat(59)} yyy`
  expect(keyFromTitle(title)).toBe('x'.repeat(59))
  expect(keyFromTitle('x'.repeat(90))).toBe('x'.repeat(60))
  expect(keyFromTitle('x'.repeat(90), new Set(['x'.repeat(60)]))).toBe(`${'x'.repeat(58)}-2`)
})

test('whatever the title, the key has the pattern, is short enough and is not taken', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 90 }), fc.nat(12), (title, copies) => {
      const taken = new Set<string>()
      for (let copy = 0; copy <= copies; copy += 1) {
        const key = keyFromTitle(title, taken)
        expect(key).toMatch(keyPattern)
        expect(key.length).toBeLessThanOrEqual(60)
        expect(taken.has(key)).toBe(false)
        taken.add(key)
      }
    }),
  )
})
