import { encode, wrap } from 'nodemailer/lib/qp'

/** What of a body is the recipient's own. */
export interface RenderedBodies {
  text: string
  /** Null exactly when the skeleton was compiled without HTML. */
  html: string | null
}

/** Writes the MIME headers, the blank line, and the body. */
export type BodyWriter = (bodies: RenderedBodies) => { headers: string; body: string }

/** Plain text alone, or multipart/alternative with the better form last (RFC 2046 5.1.4). */
export const compileBody = (campaignId: string, hasHtml: boolean): BodyWriter =>
  hasHtml ? alternative(boundaryOf(campaignId)) : plainText

/** "=_" never occurs in quoted-printable: after "=" come two hexadecimal digits or a line end (RFC 2045 6.7). */
const boundaryOf = (campaignId: string): string => `=_campaign-${campaignId}`

const partHeaders = (type: string): string =>
  `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n`

const plainText: BodyWriter = ({ text }) => ({
  headers: `MIME-Version: 1.0\r\n${partHeaders('text/plain')}`,
  body: quotedPrintable(text),
})

function alternative(boundary: string): BodyWriter {
  const headers = `MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="${boundary}"\r\n`
  const beforeText = `--${boundary}\r\n${partHeaders('text/plain')}\r\n`
  const beforeHtml = `--${boundary}\r\n${partHeaders('text/html')}\r\n`
  const end = `--${boundary}--\r\n`
  return ({ text, html }) => ({
    headers,
    body: beforeText + quotedPrintable(text) + beforeHtml + quotedPrintable(html ?? '') + end,
  })
}

/** Lines of at most 76 characters in ASCII, whatever the text holds, the last one ended. */
function quotedPrintable(text: string): string {
  const lines = wrap(encode(text.replaceAll(/\r\n|\r|\n/g, '\r\n')))
  return lines.endsWith('\r\n') ? lines : `${lines}\r\n`
}
