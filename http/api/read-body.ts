import type { Context } from 'hono'
import { parseStrictJson } from '../../domain/strict-json.ts'
import { ApiError } from './api-error.ts'

/** 1 MiB: a campaign's content in several languages is a tenth of it. */
const longestBody = 1024 * 1024

/** @returns the text too: what was sent is what an idempotency key stands for. @throws ApiError 400, 413 or 415. */
export async function readBody(c: Context): Promise<{ text: string; value: unknown }> {
  refuseOtherTypes(c.req.header('content-type'))
  const text = decoded(await bytesOf(c))
  const parsed = parseStrictJson(text)
  if (!parsed.ok) throw new ApiError('bad_request', `The body ${parsed.what}.`)
  return { text, value: parsed.value }
}

function refuseOtherTypes(written: string | undefined): void {
  const type = written?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/json')
    throw new ApiError('unsupported_media_type', 'Send JSON, as Content-Type: application/json.')
}

async function bytesOf(c: Context): Promise<Buffer> {
  const tooLarge = new ApiError('too_large', 'A body may have 1 MiB at most.')
  if (Number(c.req.header('content-length') ?? 0) > longestBody) throw tooLarge
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of c.req.raw.body ?? []) {
    length += chunk.byteLength
    if (length > longestBody) throw tooLarge
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ApiError('bad_request', 'The body is not UTF-8.')
  }
}
