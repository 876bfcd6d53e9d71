export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/**
 * One text for one JSON value, whoever writes it (RFC 8785): no white space, keys in the order of their UTF-16 code
 * units, numbers as ECMAScript writes them.
 * @throws Error for numbers that JSON does not have, and for text that is not well-formed Unicode.
 */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
    return `{${members.map(([key, member]) => `${canonicalJson(key)}:${canonicalJson(member)}`).join(',')}}`
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${value} is no JSON number`)
  if (typeof value === 'string' && !value.isWellFormed()) throw new Error('a text holds half of a surrogate pair')
  return JSON.stringify(value)
}
