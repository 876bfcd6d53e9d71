import { ApiError } from './api-error.ts'

/** Deeper than anything that an API of ours takes. */
const deepest = 20

/**
 * JSON without what two programs could read in two ways, or one could choke on: a key twice in an object, more than 20
 * levels, text that is not Unicode or holds NUL, which PostgreSQL does not store.
 * @throws ApiError 400
 */
export function parseStrictJson(text: string): unknown {
  refuseDepth(text)
  const value = parsed(text)
  refuseKeys(text)
  refuseBadText(value)
  return value
}

const bad = (detail: string): ApiError => new ApiError('bad_request', detail)

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw bad(`The body is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function refuseDepth(text: string): void {
  let depth = 0
  for (const token of tokens(text)) {
    if (token === '{' || token === '[') depth += 1
    if (token === '}' || token === ']') depth -= 1
    if (depth > deepest) throw bad(`The body is nested deeper than ${deepest} levels.`)
  }
}

function refuseKeys(text: string): void {
  const open: Set<string>[] = []
  let last = ''
  for (const token of tokens(text)) {
    if (token === '{' || token === '[') open.push(new Set())
    else if (token === '}' || token === ']') open.pop()
    else if (token === ':') {
      const key = JSON.parse(last) as string
      // Once V8 has met the key "\\", JSON.parse takes "\"" for it too (13.6, in Node 24).
      if (/["\\]/.test(key)) throw bad(`The key ${JSON.stringify(key)} holds a quotation mark or a backslash.`)
      if (open.at(-1)?.has(key)) throw bad(`The key ${JSON.stringify(key)} stands twice in one object.`)
      open.at(-1)?.add(key)
    }
    last = token
  }
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

function refuseBadText(value: unknown): void {
  if (typeof value === 'string') {
    const wrong = unstorable(value)
    if (wrong !== null) throw bad(`The body holds ${wrong}.`)
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    refuseBadText(key)
    refuseBadText(inner)
  }
}

/** What no column can hold of a text; null: it can all be stored. */
export function unstorable(text: string): string | null {
  if (text.includes('\0')) return 'a NUL character'
  return text.isWellFormed() ? null : 'half of a surrogate pair'
}
