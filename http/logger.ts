import { type Logger, pino } from 'pino'
import type { LogLevel } from '../domain/settings.ts'

/** One JSON object a line on standard output; whoever runs the process adds host and time zone. */
export const createLogger = (level: LogLevel): Logger =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime })
