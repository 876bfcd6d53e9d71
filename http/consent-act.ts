import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { ConsentAct } from '../db/consent.ts'
import { shownWording } from './reader.ts'

/** Behind Node's server the bindings are its request and response; in a test without a socket there are none. */
type Reached = Context<{ Bindings: Partial<HttpBindings> }>

/** Long enough for any browser; whatever follows proves nothing. */
const longestUserAgent = 500

/** What is known of who sent a request: the proof of what it changes. */
export function actOf(c: Reached): Omit<ConsentAct, 'campaignId'> {
  const wording = shownWording(c)
  return {
    through: wording === null ? 'one_click' : 'page',
    wording,
    // Called as a function, without a server, there is no environment at all.
    ip: plainAddress(c.env?.incoming?.socket.remoteAddress),
    userAgent: c.req.header('user-agent')?.slice(0, longestUserAgent) ?? null,
    actor: null,
    legalBasis: null,
    explanation: null,
  }
}

/** IPv4 is written as such where the socket speaks IPv6, and without the zone, which Postgres does not take. */
const plainAddress = (address: string | undefined): string | null =>
  address?.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '') ?? null
