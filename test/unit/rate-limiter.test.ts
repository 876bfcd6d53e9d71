import { expect, test } from 'vitest'
import { createRateLimiter } from '../../http/api/rate-limiter.ts'

test('a second holds so many requests, each key has its own, and what was not used is not saved up', () => {
  let now = 0
  const { take } = createRateLimiter(() => now)
  const waits = (count: number, id = 'a') => Array.from({ length: count }, () => take(id, 10).waitSeconds)
  expect(waits(11)).toEqual([...Array.from({ length: 10 }, () => 0), 1])
  expect(waits(1, 'b')).toEqual([0])
  now += 100
  expect(waits(2)).toEqual([0, 1])
  now += 3_600_000
  expect(waits(11)).toEqual([...Array.from({ length: 10 }, () => 0), 1])
})

test('the headers say how many are left, and when all of them are back', () => {
  const { take } = createRateLimiter(() => 0)
  expect(take('a', 2).headers).toEqual({ 'RateLimit-Limit': '2', 'RateLimit-Remaining': '1', 'RateLimit-Reset': '1' })
  expect(take('a', 2).headers['RateLimit-Remaining']).toBe('0')
  expect(take('a', 2).headers['RateLimit-Remaining']).toBe('0')
})
