export interface Taken {
  /** Above 0: refused; after so many whole seconds there is room. */
  waitSeconds: number
  headers: Record<'RateLimit-Limit' | 'RateLimit-Remaining' | 'RateLimit-Reset', string>
}

export interface RateLimiter {
  take: (id: string, perSecond: number) => Taken
}

/**
 * A bucket for each key, which holds the requests of one second. Kept in the process: the limit is one of each `addressee
 * http`, and costs no write. It guards the servers, nobody is billed by it.
 * @param now milliseconds.
 */
export function createRateLimiter(now: () => number = () => performance.now()): RateLimiter {
  const buckets = new Map<string, { tokens: number; at: number }>()
  return {
    take: (id, perSecond) => {
      const at = now()
      const held = buckets.get(id) ?? { tokens: perSecond, at }
      const tokens = Math.min(perSecond, held.tokens + ((at - held.at) / 1000) * perSecond)
      const isRefused = tokens < 1
      const left = isRefused ? tokens : tokens - 1
      buckets.set(id, { tokens: left, at })
      return { waitSeconds: isRefused ? Math.ceil((1 - tokens) / perSecond) : 0, headers: headersOf(perSecond, left) }
    },
  }
}

/** As in draft-ietf-httpapi-ratelimit-headers-06; `Reset` is when the bucket is full again, in seconds. */
const headersOf = (perSecond: number, left: number): Taken['headers'] => ({
  'RateLimit-Limit': String(perSecond),
  'RateLimit-Remaining': String(Math.floor(left)),
  'RateLimit-Reset': String(Math.ceil((perSecond - left) / perSecond)),
})
