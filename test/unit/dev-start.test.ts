import { expect, test } from 'vitest'
import { cacheFolder } from '../../dev/cache-folder.ts'
import { parseStartArguments, UsageError } from '../../dev/start-arguments.ts'
import { table } from '../../dev/table.ts'

test('the flags of npm start are read, and others refused with the usage', () => {
  expect(parseStartArguments([])).toEqual({ fresh: false, once: false, help: false })
  expect(parseStartArguments(['--once', '--fresh'])).toEqual({ fresh: true, once: true, help: false })
  expect(parseStartArguments(['-h']).help).toBe(true)
  for (const wrong of [['--frsh'], ['now'], ['--once=yes']]) {
    expect(() => parseStartArguments(wrong)).toThrow(UsageError)
    expect(() => parseStartArguments(wrong)).toThrow('--fresh   remove what earlier runs kept')
  }
})

test("each system's cache folder", () => {
  expect(cacheFolder({ HOME: '/home/a' }, 'linux')).toBe('/home/a/.cache/addressee')
  expect(cacheFolder({ HOME: '/home/a', XDG_CACHE_HOME: '' }, 'linux')).toBe('/home/a/.cache/addressee')
  expect(cacheFolder({ HOME: '/home/a', XDG_CACHE_HOME: '/c' }, 'linux')).toBe('/c/addressee')
  expect(cacheFolder({ HOME: '/Users/a' }, 'darwin')).toBe('/Users/a/Library/Caches/addressee')
})

test('a table is aligned, numbers to the right', () => {
  expect(
    table([
      ['sent', 12_345],
      ['failed', 7],
    ]),
  ).toBe('  sent    12,345\n  failed       7')
})
