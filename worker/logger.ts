import { DefaultLogger, type LogEntry } from '@temporalio/worker'
import { type Logger, pino } from 'pino'
import type { LogLevel } from '../domain/settings.ts'

/** One JSON object a line on standard output. */
export const createLogger = (level: LogLevel): Logger =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime })

/** Gives the logs of Temporal, of workflows and of activities to pino, with their ids as fields. */
export const temporalLogger = (log: Logger): DefaultLogger =>
  new DefaultLogger('TRACE', ({ level, message, meta }: LogEntry) => {
    const name = level.toLowerCase() as Lowercase<typeof level>
    const { error, ...fields } = meta ?? {}
    log[name](error === undefined ? fields : { ...fields, err: error }, message)
  })
