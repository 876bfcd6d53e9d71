import { Writable } from 'node:stream'
import { pino } from 'pino'
import type { Db } from '../../db/connect.ts'
import { createApp } from '../../http/app.ts'
import { createReadiness } from '../../http/readiness.ts'
import { tokens } from './unsubscribe-seed.ts'

/** A log that tests read: one parsed object a line. */
export function recordingLog() {
  const lines: Record<string, unknown>[] = []
  const write = (chunk: Buffer, _: string, done: () => void) => {
    lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>)
    done()
  }
  return { log: pino({ base: null }, new Writable({ write })), lines }
}

/** The edge as a function, with what it logged. */
export function createTestApp(db: Db, verifying = tokens) {
  const { log, lines } = recordingLog()
  return { app: createApp({ db, tokens: verifying, log, ready: createReadiness(db, 500) }), lines }
}
