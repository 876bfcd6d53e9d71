/** Why a text is not the JSON that we take. */
export type JsonFault = 'malformed' | 'duplicate_key' | 'odd_key' | 'too_deep' | 'bad_text'

/** `what` ends a sentence that begins with the name of the text: "is not JSON: …". */
export type StrictJson = { ok: true; value: unknown } | { ok: false; fault: JsonFault; what: string }

/** Deeper than anything that is taken anywhere. */
const deepest = 20

/**
 * JSON without what two programs could read in two ways, or one could choke on: a key twice in an object (RFC 8259 4),
 * more than 20 levels, text that is not Unicode or holds NUL, which PostgreSQL does not store.
 */
export function parseStrictJson(text: string): StrictJson {
  if (isTooDeep(text)) return no('too_deep', `is nested deeper than ${deepest} levels`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return no('malformed', `is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  return faultInKeys(text) ?? faultInTexts(value) ?? { ok: true, value }
}

const no = (fault: JsonFault, what: string): StrictJson => ({ ok: false, fault, what })

function isTooDeep(text: string): boolean {
  let depth = 0
  for (const token of tokens(text)) {
    if (token === '{' || token === '[') depth += 1
    if (token === '}' || token === ']') depth -= 1
    if (depth > deepest) return true
  }
  return false
}

function faultInKeys(text: string): StrictJson | null {
  const open: Set<string>[] = []
  let last = ''
  for (const token of tokens(text)) {
    if (token === '{' || token === '[') open.push(new Set())
    else if (token === '}' || token === ']') open.pop()
    else if (token === ':') {
      const key = JSON.parse(last) as string
      // Once V8 has met the key "\\", JSON.parse takes "\"" for it too (13.6, in Node 24).
      if (/["\\]/.test(key)) return no('odd_key', `has a key with a quotation mark or a backslash: ${last}`)
      if (open.at(-1)?.has(key)) return no('duplicate_key', `names a key twice in one object: ${last}`)
      open.at(-1)?.add(key)
    }
    last = token
  }
  return null
}

/** Brackets, colons and strings; of text that is no JSON, something. */
function* tokens(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += 1) {
    const letter = text.charAt(at)
    if (letter === '"') {
      const end = endOfString(text, at)
      yield text.slice(at, end)
      at = end - 1
    } else if ('{}[]:'.includes(letter)) yield letter
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text.charAt(at) === '\\') at += 1
    else if (text.charAt(at) === '"') return at + 1
  }
  return text.length
}

function faultInTexts(value: unknown): StrictJson | null {
  const wrong = typeof value === 'string' ? unstorable(value) : null
  if (wrong !== null) return no('bad_text', `holds ${wrong}`)
  if (typeof value !== 'object' || value === null) return null
  for (const inner of Object.entries(value).flat()) {
    const fault = faultInTexts(inner)
    if (fault !== null) return fault
  }
  return null
}

/** What no column can hold of a text; null: it can all be stored. */
export function unstorable(text: string): string | null {
  if (text.includes('\0')) return 'a NUL character'
  return text.isWellFormed() ? null : 'half of a surrogate pair'
}
