/** Seconds before each attempt: the schedule that Standard Webhooks recommends. Three days and some hours in all. */
const waits = [0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600] as const

/** A receiver may ask for more time than the schedule gives, and for no more than a day. */
const longestRetryAfter = 24 * 3600

/** Seconds until the next attempt when so many have failed; null when that was the last. */
export const waitAfter = (attempts: number): number | null => waits[attempts] ?? null

/**
 * What a receiver asks for in `Retry-After` (RFC 9110, 10.2.3): seconds, or a date.
 * @returns seconds from now, at most a day; null when it does not ask, or not in a way that can be understood.
 */
export function retryAfterSeconds(header: string | undefined, now: Date): number | null {
  if (header === undefined) return null
  const seconds = /^\d{1,9}$/.test(header) ? Number(header) : (Date.parse(header) - now.getTime()) / 1000
  return Number.isNaN(seconds) ? null : Math.min(Math.max(Math.ceil(seconds), 0), longestRetryAfter)
}
