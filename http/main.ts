import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Logger } from 'pino'
import { Addressee, type OpenConnections } from '../client/addressee.ts'
import { createLazyTemporal } from '../client/temporal.ts'
import { openDatabase } from '../db/open.ts'
import { createTokens } from '../domain/link-token.ts'
import { Refusal } from '../domain/refusal.ts'
import { createApp } from './app.ts'
import { clientAddressBehind } from './client-address.ts'
import type { HttpConfig } from './config.ts'
import { createLogger } from './logger.ts'
import { createReadiness } from './readiness.ts'

export interface RunningHttp {
  /** Where it listens, such as `http://127.0.0.1:8080`. */
  url: string
  /** Stops accepting, lets requests finish, closes the database. Takes at most 15 seconds. */
  close: () => Promise<void>
}

/**
 * The process `addressee http`: answers until SIGTERM or SIGINT, and returns when the last request was answered.
 * @throws Refusal when the address cannot be listened on or the schema is not this code's.
 * @throws Unavailable when Postgres does not answer.
 */
export async function runHttp(config: HttpConfig): Promise<void> {
  const log = createLogger(config.logLevel)
  // Before anything starts: whoever reads "http started" may stop us in the same instant.
  const stopped = stopSignal()
  const http = await startHttp(config, log)
  const signal = await stopped
  log.info({ signal }, 'http stopping')
  await http.close()
  log.info('http stopped')
}

export async function startHttp(config: HttpConfig, log: Logger): Promise<RunningHttp> {
  const database = await openDatabase(config.databaseUrl, { name: 'addressee http' })
  const connections = { database, temporal: createLazyTemporal(config.temporal) }
  try {
    const server = await listen(serverFor(connections, config, log), config.listen)
    const url = urlOf(server)
    log.info({ url }, 'http started')
    return { url, close: () => closeAll(server, connections) }
  } catch (error) {
    await database.close()
    throw error
  }
}

function serverFor({ database, temporal }: OpenConnections, config: HttpConfig, log: Logger): Server {
  const { db } = database
  const addressee = new Addressee({ database, temporal })
  const app = createApp({
    db,
    addressee,
    temporal,
    tokens: createTokens(config.secrets),
    log,
    clientAddress: clientAddressBehind(config.trustedProxies),
    ready: createReadiness(db),
  })
  return createAdaptorServer({ fetch: app.fetch }) as Server
}

async function listen(server: Server, { host, port }: HttpConfig['listen']): Promise<Server> {
  return await new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'another process listens there' : error.message
      reject(
        new Refusal({
          field: 'ADDRESSEE_HTTP_ADDRESS',
          rule: `cannot listen on ${host}:${port}: ${why}`,
          remedy: 'Stop that process, or set ADDRESSEE_HTTP_ADDRESS to another host:port.',
        }),
      )
    })
    server.listen(port, host, () => resolve(server))
  })
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

// Longer than any request of ours takes, shorter than orchestrators wait before they kill.
const longestGoodbyeMs = 10_000

async function closeAll(server: Server, { database, temporal }: OpenConnections): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  // Who was just answered would keep the connection for a next request.
  const sweeper = setInterval(() => server.closeIdleConnections(), 50)
  const timer = setTimeout(() => server.closeAllConnections(), longestGoodbyeMs)
  await closed
  clearInterval(sweeper)
  clearTimeout(timer)
  await temporal.close()
  await database.close()
}

/** A second signal ends the process at once, as it would without us. */
const stopSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve)
  })
