/**
 * An instant for people: in UTC as logs have it, on the reader's clock, and from now.
 * `2026-11-22T10:00:00.000Z (11:00 Europe/Berlin, in 3 hours)`. The reader's day is named where it is another.
 */
export function showInstant(instant: string | Date | null, now = new Date(), timeZone = readersZone()): string {
  if (instant === null) return '-'
  const date = new Date(instant)
  const iso = date.toISOString()
  // Swedish writes a date as ISO 8601 does.
  const local = date.toLocaleString('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' })
  const clock = iso.startsWith(local.slice(0, 10)) ? local.slice(11) : local
  return `${iso} (${clock} ${timeZone}, ${fromNow(date.getTime() - now.getTime())})`
}

const readersZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const

function fromNow(ms: number): string {
  const [unit, size] = units.find(([, size]) => Math.abs(ms) >= size) ?? (['second', 1000] as const)
  const count = Math.round(ms / size)
  return count === 0 ? 'now' : new Intl.RelativeTimeFormat('en').format(count, unit)
}
