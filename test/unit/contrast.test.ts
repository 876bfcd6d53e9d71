import fc from 'fast-check'
import { expect, test } from 'vitest'
import { contrastOf, inkOn, leastContrast } from '../../domain/contrast.ts'

test.each([
  ['#000000', '#ffffff', 21],
  ['#ffffff', '#ffffff', 1],
  ['#777777', '#ffffff', 4.48],
  ['#0000ff', '#ffffff', 8.59],
])('the contrast of %s and %s is %d', (one, other, ratio) => {
  expect(contrastOf(one, other)).toBeCloseTo(ratio, 2)
  expect(contrastOf(other, one)).toBe(contrastOf(one, other))
})

test('whatever the colour, the ink on it can be read', () => {
  const colour = fc.integer({ min: 0, max: 0xffffff }).map((number) => `#${number.toString(16).padStart(6, '0')}`)
  fc.assert(fc.property(colour, (each) => contrastOf(inkOn(each), each) >= leastContrast))
  expect([inkOn('#ffff00'), inkOn('#767676'), inkOn('#777777')]).toEqual(['#000000', '#ffffff', '#000000'])
})
