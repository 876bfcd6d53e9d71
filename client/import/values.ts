import type { AddressKeyOf } from '../../domain/address-key.ts'
import { parseEmail } from '../../domain/email-address.ts'

/** A value of the file: understood, or what is wrong with it. */
export type Reading<T> = { ok: true; value: T } | { ok: false; rules: string[] }

const understood = <T>(value: T): Reading<T> => ({ ok: true, value })
const wrong = (...rules: string[]): Reading<never> => ({ ok: false, rules })

/** Longer than any name or id that means something; shorter than what could hurt a page or an index. */
const longestId = 200
const longestName = 200
const longestAttribute = 10_000

const limited = (value: string, limit: number): Reading<string | null> =>
  value.length > limit ? wrong(`at most ${limit} characters`) : understood(value === '' ? null : value)

export const readExternalId = (written: string): Reading<string | null> => limited(oneLine(written), longestId)

export const readName = (written: string): Reading<string | null> => limited(oneLine(written), longestName)

export const readAttribute = (written: string): Reading<string | null> => limited(written.trim(), longestAttribute)

/** Names end up in headers and subjects: there is no line end in them, nor any other control character. */
const oneLine = (written: string): string =>
  written
    .normalize('NFC')
    .replaceAll(/[\p{Cc}\u2028\u2029]/gu, ' ')
    .trim()

export interface ReadAddress {
  value: string
  key: Buffer
}

export function readEmail(written: string, keyOf: AddressKeyOf): Reading<ReadAddress> {
  const parsed = parseEmail(written)
  return parsed.ok ? understood({ value: parsed.value, key: keyOf('email', parsed.normalised) }) : wrong(parsed.rule)
}

/** A language tag (RFC 5646) in its usual case: `en_gb` becomes `en-GB`. */
export function readLanguage(written: string): Reading<string | null> {
  const tag = written.trim().replaceAll('_', '-')
  if (tag === '') return understood(null)
  // The standard allows subtags of up to eight letters in front, so far without any: "English" is no tag.
  if (!/^[a-z]{2,3}(-[a-z0-9]{1,8})*$/i.test(tag) || tag.length > 35) return wrong(noTag)
  try {
    return understood(Intl.getCanonicalLocales(tag)[0] ?? null)
  } catch {
    return wrong(noTag)
  }
}
const noTag = 'not a language tag such as en or de-AT'

/** A name of the IANA time zone database; an offset is none, for it knows no summer. */
export function readTimeZone(written: string): Reading<string | null> {
  const zone = written.trim()
  if (zone === '') return understood(null)
  return isTimeZone(zone) ? understood(zone) : wrong('not a time zone such as Europe/Berlin')
}

// Asking Intl costs more than reading the rest of the row, and a file names few zones.
const timeZones = new Map<string, boolean>()

function isTimeZone(zone: string): boolean {
  const known = timeZones.get(zone)
  if (known !== undefined) return known
  // A file full of nonsense must not fill the memory.
  if (timeZones.size > 1000) timeZones.clear()
  const valid = /^[a-z]/i.test(zone) && acceptedByIntl(zone)
  timeZones.set(zone, valid)
  return valid
}

function acceptedByIntl(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone }).format(0)
    return true
  } catch {
    return false
  }
}

/** Category keys with semicolons, commas or bars between them, to the ids of the categories. */
export function readCategories(written: string, known: ReadonlyMap<string, string>): Reading<string[]> {
  const keys = written
    .split(/[;,|]/)
    .map((key) => key.trim().toLowerCase())
    .filter((key) => key !== '')
  const unknown = keys.filter((key) => !known.has(key))
  if (unknown.length > 0) return wrong(...unknown.map((key) => `there is no category "${key}"`))
  return understood(keys.flatMap((key) => known.get(key) ?? []))
}

const yes = new Set('yes y true t 1 x on ja wahr oui vrai si sí так да unsubscribed opted-out'.split(' '))
const no = new Set(' no n false f 0 off nein falsch non faux ні нет subscribed - –'.split(' '))

/** Whether the person has opted out. Never guessed: a wrong "no" would send mail to somebody who refused it. */
export function readOptOut(written: string): Reading<boolean> {
  const word = written.trim().toLowerCase()
  if (yes.has(word)) return understood(true)
  return no.has(word) ? understood(false) : wrong('neither yes nor no')
}
