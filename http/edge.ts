import type { HttpBindings } from '@hono/node-server'
import type { Logger } from 'pino'
import type { Db } from '../db/connect.ts'
import type { Tokens } from '../domain/link-token.ts'
import type { ClientAddress } from './client-address.ts'
import type { TellTemporal } from './tell-temporal.ts'

/** Behind Node's server the bindings are its request and response; in a test without a socket there are none. */
export interface HttpEnv {
  Bindings: Partial<HttpBindings>
}

/** What every page for recipients needs. */
export interface EdgeDeps {
  db: Db
  tokens: Tokens
  log: Logger
  clientAddress: ClientAddress
  tellTemporal: TellTemporal
}
