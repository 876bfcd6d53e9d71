import type { Context } from 'hono'

export type FormFault = 'too_large' | 'wrong_type' | 'broken'

/** Names and values in the order in which they came. */
export type Form = [name: string, value: string][]

/** Room for more than a hundred categories with the longest keys that there can be, and some fields. */
const mostBytes = 16 * 1024

/** Reads an HTML form (application/x-www-form-urlencoded); no more of the body than a form may have. */
export async function readForm(c: Context): Promise<Form | FormFault> {
  const type = c.req.header('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) return 'wrong_type'
  if (Number(c.req.header('content-length') ?? 0) > mostBytes) return 'too_large'
  const body = await readBody(c.req.raw.body)
  return body === null ? 'too_large' : (decode(body) ?? 'broken')
}

async function readBody(stream: ReadableStream<Uint8Array> | null): Promise<Buffer | null> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream ?? []) {
    size += chunk.byteLength
    // Leaving the loop cancels the stream.
    if (size > mostBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** @returns null for bytes and escapes that are no UTF-8, and for NUL, which no text can hold. */
function decode(body: Buffer): Form | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
    const form = text.split('&').flatMap((pair): Form => (pair === '' ? [] : [pairOf(pair)]))
    return form.flat().some((part) => part.includes('\0')) ? null : form
  } catch {
    return null
  }
}

function pairOf(pair: string): [string, string] {
  const at = pair.indexOf('=')
  const [name, value] = at === -1 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
  return [unescaped(name), unescaped(value)]
}

const unescaped = (part: string): string => decodeURIComponent(part.replaceAll('+', ' '))
