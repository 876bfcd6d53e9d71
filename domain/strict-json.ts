/** Why a text is not the JSON that we take; null: it is. */
export type JsonFault = 'malformed' | 'duplicate_key' | 'too_deep'

const deepest = 16

/**
 * Parses JSON and refuses what parsers read in different ways: an object that names a key twice (RFC 8259 4), of which
 * whoever checks a request may see one value and whoever obeys it the other. Also nesting that nobody needs.
 */
export function parseStrictJson(text: string): { ok: true; value: unknown } | { ok: false; fault: JsonFault } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { ok: false, fault: 'malformed' }
  }
  const fault = faultIn(text)
  return fault === null ? { ok: true, value } : { ok: false, fault }
}

/** Of a text that is JSON: its strings, with the colon behind those that are keys, and its brackets. */
const token = /("(?:[^"\\]|\\.)*")(\s*:)?|[[\]{}]/g

function faultIn(text: string): JsonFault | null {
  const open: Set<string>[] = []
  for (const [bracket, string, colon] of text.matchAll(token)) {
    if (string !== undefined && colon !== undefined) {
      const key = JSON.parse(string) as string
      const keys = open.at(-1)
      if (keys?.has(key)) return 'duplicate_key'
      keys?.add(key)
    } else if (bracket === '{' || bracket === '[') {
      if (open.push(new Set()) > deepest) return 'too_deep'
    } else if (bracket === '}' || bracket === ']') open.pop()
  }
  return null
}
