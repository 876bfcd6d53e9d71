import { type Logger, pino } from 'pino'
import type { LogLevel } from '../domain/settings.ts'

/**
 * One JSON object a line on standard output; whoever runs the process adds host and time zone. Lines are collected and
 * written behind the requests that they tell of: at 4 KB, after a quarter of a second, and before the process ends.
 */
export const createLogger = (level: LogLevel): Logger =>
  pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ sync: false, minLength: 4096, periodicFlush: 250 }),
  )
