import type { Context } from 'hono'
import type { z } from 'zod'
import { type JsonFault, parseStrictJson } from '../../domain/strict-json.ts'

/** What is wrong with a request, for a program: a word to branch on and a sentence to read. */
export interface Fault {
  status: 400 | 401 | 403 | 404 | 410 | 413 | 415 | 422 | 429
  code: string
  message: string
}

export const fault = (status: Fault['status'], code: string, message: string): Fault => ({ status, code, message })

export const isFault = (value: object): value is Fault => 'status' in value && 'code' in value && 'message' in value

/** Ten times what anybody needs who names categories. */
const longestBody = 64 * 1024

/** Reads a JSON body of at most 64 KiB that a schema takes. */
export async function readJson<S extends z.ZodType>(c: Context, schema: S): Promise<z.output<S> | Fault> {
  // Also because a browser asks before it sends this type to another origin.
  if (!/^application\/json\s*(;|$)/i.test(c.req.header('content-type') ?? ''))
    return fault(415, 'not_json', 'The body must be JSON, and Content-Type must say application/json.')
  const text = await readText(c)
  if (typeof text !== 'string') return text
  const parsed = parseStrictJson(text)
  if (!parsed.ok) return fault(400, codes[parsed.fault], `The body ${parsed.what}.`)
  const checked = schema.safeParse(parsed.value)
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  return fault(400, 'bad_request', `${issue?.path.join('.') || 'The body'}: ${issue?.message ?? 'is wrong'}.`)
}

const codes: Record<JsonFault, string> = {
  malformed: 'malformed_json',
  duplicate_key: 'duplicate_key',
  odd_key: 'odd_key',
  too_deep: 'too_deep',
  bad_text: 'bad_text',
}

async function readText(c: Context): Promise<string | Fault> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of c.req.raw.body ?? []) {
    length += chunk.byteLength
    if (length > longestBody) return fault(413, 'too_large', `The body must have at most ${longestBody} bytes.`)
    chunks.push(chunk)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch {
    return fault(400, 'not_utf8', 'The body is not UTF-8.')
  }
}
