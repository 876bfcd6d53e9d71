import { parseArgs } from 'node:util'

export interface StartArguments {
  /** Remove what earlier runs kept. */
  fresh: boolean
  /** End after the campaign instead of staying up. */
  once: boolean
  help: boolean
}

/** A command line that nobody understands: exit code 64. */
export class UsageError extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause })
    this.name = 'UsageError'
  }
}

export const usage = `npm start [-- --fresh] [--once]

Starts PostgreSQL, Temporal, a mail catcher, the worker and the HTTP edge, sends a sample campaign,
and stays up until Ctrl-C. What DATABASE_URL, TEMPORAL_ADDRESS or SMTP_URL names is used instead of a server of its own.

  --fresh   remove what earlier runs kept in .addressee/, then start
  --once    end after the campaign; the last line of stdout is its report as JSON,
            and the exit code is 0 only if every recipient is accounted for
  --help    show this
`

/** @throws UsageError for whatever is not known. */
export function parseStartArguments(args: string[]): StartArguments {
  const flag = { type: 'boolean', default: false } as const
  try {
    return parseArgs({ args, options: { fresh: flag, once: flag, help: { ...flag, short: 'h' } } }).values
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${usage}`, error)
  }
}
