import { TextDecoder } from 'node:util'
import { Refusal } from '../../domain/refusal.ts'

/**
 * Bytes of a file into text that the CSV parser can take: UTF-8 without its mark, every line end (CRLF, LF, CR) as
 * LF. The parser counts a CRLF inside quotes as two lines; so the lines that it names are those of an editor.
 * @param name what errors call the input.
 * @throws Refusal for what is not text in UTF-8, with the line.
 */
export async function* readText(chunks: AsyncIterable<Buffer | string>, name: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let line = 1
  let afterReturn = false
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk)
    if (line === 1) refuseOtherFormats(bytes, name)
    const written = decode(decoder, bytes, name, line)
    if (written === '') continue
    if (written.includes('\0')) throw notText(name, line + lineEnds(written.slice(0, written.indexOf('\0'))))
    const text = (afterReturn && written.startsWith('\n') ? written.slice(1) : written).replaceAll(/\r\n?/g, '\n')
    afterReturn = written.endsWith('\r')
    line += lineEnds(text)
    yield text
  }
  decode(decoder, null, name, line)
}

/** Line ends of text in which each is one LF. */
export function lineEnds(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

function decode(decoder: TextDecoder, bytes: Buffer | null, name: string, line: number): string {
  try {
    return bytes === null ? decoder.decode() : decoder.decode(bytes, { stream: true })
  } catch {
    const readable = new TextDecoder().decode(bytes ?? Buffer.alloc(0)).split('\uFFFD', 1)[0] ?? ''
    throw new Refusal({
      field: name,
      rule: `line ${line + lineEnds(readable)} is not UTF-8`,
      remedy: 'Save the file as "CSV UTF-8" (with or without a byte order mark).',
    })
  }
}

const notText = (name: string, line: number) =>
  new Refusal({
    field: name,
    rule: `line ${line} holds a NUL byte: this is not a text file`,
    remedy: 'Export the contacts as CSV in UTF-8.',
  })

const otherFormats: [signature: Buffer, what: string][] = [
  [Buffer.of(0xff, 0xfe), 'UTF-16 text'],
  [Buffer.of(0xfe, 0xff), 'UTF-16 text'],
  [Buffer.from('PK\u0003\u0004'), 'a spreadsheet or another zip archive'],
  [Buffer.of(0x1f, 0x8b), 'compressed with gzip'],
]

function refuseOtherFormats(bytes: Buffer, name: string): void {
  const found = otherFormats.find(([signature]) => bytes.subarray(0, signature.length).equals(signature))
  if (found !== undefined)
    throw new Refusal({
      field: name,
      rule: `the input is ${found[1]}, not CSV in UTF-8`,
      remedy: 'Export the contacts as "CSV UTF-8" and import that file.',
    })
}
