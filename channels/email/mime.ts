import { compileQuotedPrintable } from './quoted-printable.ts'

/** The literals of the two templates of a message: what all recipients have in common. */
export interface BodyLiterals {
  text: readonly string[]
  /** Null for a message that is plain text. */
  html: readonly string[] | null
}

/** The body of a message, but for what stands in the holes. */
export interface CompiledBody {
  /** The MIME headers, each with its line end. */
  headers: string
  /** @param html ignored when there is no HTML. */
  write: (text: readonly string[], html: readonly string[]) => string
}

/** Plain text alone, or multipart/alternative with the better form last (RFC 2046 5.1.4). */
export const compileBody = (campaignId: string, { text, html }: BodyLiterals): CompiledBody =>
  html === null ? plainText(text) : alternative(boundaryOf(campaignId), text, html)

/** "=_" never occurs in quoted-printable: after "=" come two hexadecimal digits or a line end (RFC 2045 6.7). */
const boundaryOf = (campaignId: string): string => `=_campaign-${campaignId}`

const partHeaders = (type: string): string =>
  `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n`

const plainText = (text: readonly string[]): CompiledBody => ({
  headers: `MIME-Version: 1.0\r\n${partHeaders('text/plain')}`,
  write: compileQuotedPrintable(text),
})

function alternative(boundary: string, text: readonly string[], html: readonly string[]): CompiledBody {
  const beforeText = `--${boundary}\r\n${partHeaders('text/plain')}\r\n`
  const beforeHtml = `--${boundary}\r\n${partHeaders('text/html')}\r\n`
  const end = `--${boundary}--\r\n`
  const writeText = compileQuotedPrintable(text)
  const writeHtml = compileQuotedPrintable(html)
  return {
    headers: `MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="${boundary}"\r\n`,
    write: (filledText, filledHtml) => beforeText + writeText(filledText) + beforeHtml + writeHtml(filledHtml) + end,
  }
}
