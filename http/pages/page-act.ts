import type { Context } from 'hono'
import type { ConsentAct } from '../../db/consent.ts'
import type { ClientAddress } from '../client-address.ts'
import type { HttpEnv } from '../edge.ts'
import { shownWording } from './reader.ts'

/** Long enough for any browser; whatever follows proves nothing. */
const longestUserAgent = 500

/** Who asks, as far as a request tells: from where, and with what. */
export const clientOf = (c: Context<HttpEnv>, clientAddress: ClientAddress): Pick<ConsentAct, 'ip' | 'userAgent'> => ({
  // Called as a function, without a server, there is no environment at all.
  ip: clientAddress(c.env?.incoming?.socket.remoteAddress, c.req.header('x-forwarded-for')),
  userAgent: c.req.header('user-agent')?.slice(0, longestUserAgent) ?? null,
})

/** What a POST to a link proves: the button of a page, or that of a mail client. */
export function pageAct(c: Context<HttpEnv>, clientAddress: ClientAddress): Omit<ConsentAct, 'campaignId'> {
  const wording = shownWording(c)
  return {
    through: wording === null ? 'one_click' : 'page',
    wording,
    ...clientOf(c, clientAddress),
    actor: null,
    legalBasis: null,
    explanation: null,
  }
}
