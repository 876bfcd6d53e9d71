import { expect, test } from 'vitest'
import { retryAfterSeconds, waitAfter } from '../../domain/webhook-retry.ts'

test('ten attempts in three days and some hours, then no more', () => {
  const waits = Array.from({ length: 11 }, (_, attempts) => waitAfter(attempts))
  expect(waits).toEqual([0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400, null])
})

const now = new Date('2030-01-31T12:00:00Z')

test.each([
  ['120', 120],
  ['0', 0],
  ['Thu, 31 Jan 2030 12:01:00 GMT', 60],
  // In the past: at once.
  ['Thu, 31 Jan 2030 11:00:00 GMT', 0],
  // Nobody is left in peace for longer than a day.
  ['999999999', 86_400],
  ['Fri, 31 Jan 2031 12:00:00 GMT', 86_400],
  ['soon', null],
  ['-5 minutes', null],
  ['', null],
  [undefined, null],
])('Retry-After %j', (header, seconds) => {
  expect(retryAfterSeconds(header, now)).toBe(seconds)
})
