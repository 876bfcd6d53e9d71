import { encodeWord, foldLines, quoteString } from 'nodemailer/lib/mime-funcs'

// RFC 2047 2: a line with an encoded word has at most 76 characters, RFC 5322 2.1.1 wants at most 78 in any.
const lineLength = 76
// An encoded word, the longest header name and the space before it fit into one line.
const encodedWordLength = 52
// Longer runs without a space cannot be folded, and a line ends at 998 octets.
const longestPlainWord = 60

/** Free text as a header can show it: one line, no control characters, single spaces. */
export const oneLine = (text: string): string =>
  isOneLine(text) ? text : text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp} ]+/gu, ' ').trim()

/** Nearly every name is, and this is seen at a tenth of the cost. */
const isOneLine = (text: string): boolean => /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(text)

/** Unstructured text (RFC 5322 3.6.5), as in Subject. Not folded yet. */
export function unstructured(text: string): string {
  const line = oneLine(text)
  return isPlain(line) ? line : encoded(line)
}

/** A display name (RFC 5322 3.2.5, `phrase`): bare words, a quoted string, or encoded words. Not folded yet. */
export function phrase(name: string): string {
  const line = oneLine(name)
  if (!isPlain(line)) return encoded(line)
  return isAtoms(line) ? line : quoteString(line)
}

/** `Name <address>`, or the bare address when there is no name. Not folded yet. */
export function mailbox(name: string, address: string): string {
  const shown = phrase(name)
  return shown === '' ? address : `${shown} <${address}>`
}

/** One header field with its line end, folded where there is a space. */
export function field(name: string, value: string): string {
  const line = `${name}: ${value}`
  return line.length < lineLength ? `${line}\r\n` : `${foldLines(line, lineLength)}\r\n`
}

/** Text that looks like an encoded word would be decoded by the receiver: it is encoded once more. */
const isPlain = (line: string): boolean => /^[\x20-\x7e]*$/.test(line) && !line.includes('=?') && !hasLongWord(line)

const hasLongWord = (line: string): boolean =>
  line.length > longestPlainWord && line.split(' ').some((word) => word.length > longestPlainWord)

const isAtoms = (line: string): boolean => /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~ ]*$/.test(line)

const encoded = (line: string): string => encodeWord(line, 'B', encodedWordLength)
