import type { Context } from 'hono'
import type { z } from 'zod'
import { parseStrictJson } from '../domain/strict-json.ts'

/** What is wrong with a request, for a program: a word to branch on and a sentence to read. */
export interface Fault {
  status: 400 | 401 | 403 | 404 | 410 | 413 | 415 | 422
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
  if (!parsed.ok) return faults[parsed.fault]
  const checked = schema.safeParse(parsed.value)
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  return fault(400, 'bad_request', `${issue?.path.join('.') || 'The body'}: ${issue?.message ?? 'is wrong'}.`)
}

const faults = {
  malformed: fault(400, 'malformed_json', 'The body is not JSON.'),
  duplicate_key: fault(400, 'duplicate_key', 'An object in the body names a key twice.'),
  too_deep: fault(400, 'too_deep', 'The body is nested more deeply than anything that is taken here.'),
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
