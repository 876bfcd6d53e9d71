import { Writable } from 'node:stream'
import { pino } from 'pino'
import { Addressee } from '../../client/addressee.ts'
import { createLazyTemporal, type TemporalOptions } from '../../client/temporal.ts'
import type { Db } from '../../db/connect.ts'
import type { Tokens } from '../../domain/link-token.ts'
import { createApp } from '../../http/app.ts'
import { clientAddressBehind } from '../../http/client-address.ts'
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

/**
 * The edge as a function, with what it logged.
 * @param options.temporal by default one that is away.
 */
export function createTestApp(
  db: Db,
  options: { tokens?: Tokens; temporal?: TemporalOptions; trustedProxies?: string[] } = {},
) {
  const { log, lines } = recordingLog()
  const temporal = createLazyTemporal(options.temporal ?? { address: '127.0.0.1:1' })
  const database = { db, execute: async () => {}, close: async () => {} }
  const addressee = new Addressee({ database, temporal })
  const verifying = options.tokens ?? tokens
  const clientAddress = clientAddressBehind(options.trustedProxies ?? [])
  const ready = createReadiness(db, 500)
  const app = createApp({ db, addressee, temporal, tokens: verifying, log, clientAddress, ready })
  return { app, lines, addressee }
}
