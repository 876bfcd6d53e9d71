import { CommanderError } from 'commander'
import { isLostDatabase } from '../../db/lost-database.ts'
import { Refusal, Unavailable } from '../../domain/refusal.ts'
import { ConfigError } from '../../domain/settings.ts'

/** 64, 69 and 70 are EX_USAGE, EX_UNAVAILABLE and EX_SOFTWARE of BSD's sysexits. */
export const exitCodes = { ok: 0, refused: 1, usage: 64, unavailable: 69, unexpected: 70, interrupted: 130 } as const

export interface Ending {
  code: number
  /** For people; on stderr. */
  lines: string[]
}

/** A person ended it before it was ready. */
export class Interrupted extends Error {}

/** What a failed command says and exits with. */
export function endingOf(error: unknown, { debug }: { debug: boolean }): Ending {
  // Commander has said it already; help that was asked for is no failure.
  if (error instanceof CommanderError) return { code: error.exitCode === 0 ? exitCodes.ok : exitCodes.usage, lines: [] }
  if (error instanceof ConfigError) return { code: exitCodes.usage, lines: error.message.split('\n').map(errorLine) }
  if (error instanceof Refusal) return { code: exitCodes.refused, lines: [errorLine(error.message)] }
  if (error instanceof Unavailable) return { code: exitCodes.unavailable, lines: [errorLine(error.message)] }
  if (error instanceof Interrupted) return { code: exitCodes.interrupted, lines: [error.message] }
  if (isLostDatabase(error)) return { code: exitCodes.unavailable, lines: [errorLine(lostDatabase(error))] }
  return unexpected(error, debug)
}

/** One line, whatever a template's or a server's message holds. */
const errorLine = (message: string): string => `error: ${message.replaceAll(/\s+/g, ' ').trim()}`

function unexpected(error: unknown, debug: boolean): Ending {
  const message = error instanceof Error ? error.message : String(error)
  const details =
    debug && error instanceof Error ? (error.stack ?? message) : 'This should not happen. --debug shows where it did.'
  return { code: exitCodes.unexpected, lines: [errorLine(message), details] }
}

const lostDatabase = (error: Error): string =>
  `PostgreSQL does not answer any more: ${error.message || String(Reflect.get(error, 'code'))}. ` +
  'Repeat the command when it does: what was done already is not done twice.'
