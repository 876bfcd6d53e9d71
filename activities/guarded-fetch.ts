import { lookup } from 'node:dns/promises'
import { request as plainRequest } from 'node:http'
import { type RequestOptions, request } from 'node:https'
import type { LookupFunction } from 'node:net'
import { isSpecialAddress } from '../domain/special-address.ts'
import { type PrivateWebhooks, whyForbidden } from '../domain/webhook-url.ts'

/** Asks where a name leads: every address of it. */
export type Resolve = (name: string) => Promise<{ address: string; family: number }[]>

export interface Guard {
  /** `refuse`: https alone, and no address that is private, local or otherwise no public host. */
  privateWebhooks: PrivateWebhooks
  /** For tests; by default the system's resolver. */
  resolve?: Resolve
}

export interface GuardedRequest {
  url: string
  headers: Record<string, string>
  body: string
}

export interface GuardedResponse {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  /** The first 64 KiB. */
  body: Buffer
}

const timeLimitMs = 15_000
const longestRequest = 1024 * 1024
const longestResponse = 64 * 1024

/**
 * Posts to a URL that somebody else chose, without letting them reach what only we can reach. A name is resolved once
 * for each connection, and the connection goes to the very addresses that were looked at: an answer that changes
 * between the look and the call (DNS rebinding) changes nothing. Redirects are not followed: what the answer says is
 * given back as it is.
 * @throws when there is no answer within 15 seconds, or the guard does not let the request out.
 */
export async function guardedPost(guard: Guard, { url, headers, body }: GuardedRequest): Promise<GuardedResponse> {
  const why = whyForbidden(url, guard.privateWebhooks)
  if (why !== null) throw new Error(`the URL ${why}`)
  if (Buffer.byteLength(body) > longestRequest) throw new Error(`the body is longer than ${longestRequest} bytes`)
  const signal = AbortSignal.timeout(timeLimitMs)
  const options = {
    method: 'POST',
    headers: { 'user-agent': 'Addressee', ...headers, 'content-length': Buffer.byteLength(body) },
    lookup: guardedLookup(guard),
    // A connection of its own, for which the name is looked at anew.
    agent: false,
    signal,
  }
  return call(new URL(url), body, options).catch((error: unknown) => {
    throw signal.aborted ? new Error(`no answer within ${timeLimitMs / 1000} seconds`) : error
  })
}

function call(url: URL, body: string, options: RequestOptions): Promise<GuardedResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<GuardedResponse>()
  const open = url.protocol === 'http:' ? plainRequest : request
  const sent = open(url, options, (answer) => {
    const chunks: Buffer[] = []
    let length = 0
    const finish = (): void => {
      const read = Buffer.concat(chunks).subarray(0, longestResponse)
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: read })
    }
    answer.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      length += chunk.length
      if (length < longestResponse) return
      finish()
      sent.destroy()
    })
    answer.on('end', finish).on('error', reject)
  })
  sent.on('error', reject).end(body)
  return promise
}

const systemResolve: Resolve = (name) => lookup(name, { all: true })

/** What a socket asks for the addresses that it may connect to. One that is forbidden forbids them all. */
const guardedLookup =
  ({ privateWebhooks, resolve = systemResolve }: Guard): LookupFunction =>
  (name, { all }, callback) => {
    resolve(name).then(
      (addresses) => {
        const [first] = addresses
        const forbidden = addresses.find(({ address }) => isSpecialAddress(address))
        if (forbidden !== undefined && privateWebhooks === 'refuse')
          return callback(new Error(`${name} leads to a private or local address (${forbidden.address})`), '')
        if (first === undefined) return callback(new Error(`${name} leads nowhere`), '')
        if (all === true) return callback(null, addresses)
        callback(null, first.address, first.family)
      },
      (error: Error) => callback(error, ''),
    )
  }
