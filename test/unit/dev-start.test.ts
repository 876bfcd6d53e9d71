import { expect, test } from 'vitest'
import { cacheFolder } from '../../dev/cache-folder.ts'
import { parseStartArguments, UsageError } from '../../dev/start-arguments.ts'
import { table } from '../../dev/table.ts'
import { createTerminal } from '../../dev/terminal.ts'

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

function terminalOf(stream: { isTTY?: boolean; columns?: number }) {
  const written: string[] = []
  const clock = { now: 0 }
  const terminal = createTerminal({ ...stream, write: (text) => written.push(text) }, () => clock.now)
  return { ...terminal, written, clock }
}

test('on a terminal the progress line replaces itself, fits, and makes room for lines that stay', () => {
  const { say, progress, written } = terminalOf({ isTTY: true, columns: 10 })
  progress('1234567890123')
  progress('two')
  say('stays')
  say('too')
  expect(written).toEqual(['\r\u001b[2K123456789', '\r\u001b[2Ktwo', '\r\u001b[2Kstays\n', 'too\n'])
})

test('elsewhere progress is a plain line, at most every two seconds', () => {
  const { progress, written, clock } = terminalOf({})
  for (clock.now = 0; clock.now <= 4000; clock.now += 500) progress(`at ${clock.now}`)
  clock.now = 9000
  progress('at 4000')
  expect(written).toEqual(['at 0\n', 'at 2000\n', 'at 4000\n'])
})

test('a table is aligned, numbers to the right', () => {
  expect(
    table([
      ['sent', 12_345],
      ['failed', 7],
    ]),
  ).toBe('  sent    12,345\n  failed       7')
})
