import { encode, wrap } from 'nodemailer/lib/qp'

/** Encodes what one recipient has in the holes, and puts it between the literals. */
export type QuotedPrintableWriter = (filled: readonly string[]) => string

// RFC 2045 6.7 (5), with the "=" of a soft line break.
const lineLength = 76
const softBreak = '=\r\n'
// A piece leaves room in its last line for the soft break that the next piece may need.
const columns = lineLength - 1

/** One literal, encoded, and the hole behind it. */
interface Piece {
  literal: string
  /** What the first line of the literal takes up, and what it may together with what stands before it. */
  firstLine: number
  room: number
  /** Where the last line ends. Null when it is the first: then it depends on what stands before it. */
  end: number | null
  /** A space that ends the literal. It must be encoded where it ends the line as well, which the hole decides. */
  space: string
  /** What becomes of that space when the hole is empty. */
  spaceAlone: string
}

/**
 * Compiles a text with holes to quoted-printable (RFC 2045 6.7): the literals are encoded here, once. What it writes
 * is ASCII in lines of at most 76 characters, the last one ended, whatever stands in the holes. A carriage return
 * that ends a literal or a value is a line break of its own, also when the next piece begins with a line feed.
 * @param literals one more than there are holes.
 */
export function compileQuotedPrintable(literals: readonly string[]): QuotedPrintableWriter {
  const pieces = literals.map((literal, index) => pieceOf(literal, literals[index + 1]))
  return (filled) => {
    let text = ''
    let column = 0
    for (const [index, piece] of pieces.entries()) {
      if (column + piece.firstLine > piece.room) {
        text += softBreak
        column = 0
      }
      text += piece.literal
      column = piece.end ?? column + piece.firstLine
      const value = filled[index]
      if (value === undefined) continue
      // Nearly every value: it is shorter than the rest of the line, by the space before it, and stands as it is.
      if (column + value.length < columns && isPlain(value)) {
        text += piece.space + value
        column += piece.space.length + value.length
        continue
      }
      const hole = broken(column, encodeValue(piece, value))
      text += hole
      column = columnAfter(column, hole)
    }
    return column === 0 && text !== '' ? text : `${text}\r\n`
  }
}

/** @param next the literal behind the hole that follows; undefined when none does. */
function pieceOf(text: string, next: string | undefined): Piece {
  const space = next === undefined ? '' : (/[ \t]$/.exec(text)?.[0] ?? '')
  const before = normalised(text.slice(0, text.length - space.length))
  const literal = next === undefined ? wrap(encode(before)) : wrapOpen(0, encode(`${before}x`))
  const [firstLine = ''] = literal.split('\r\n', 1)
  const isOneLine = firstLine === literal
  return {
    literal,
    firstLine: firstLine.length,
    room: isOneLine && next !== undefined ? columns : lineLength,
    end: isOneLine ? null : columnAfter(0, literal),
    space,
    spaceAlone: space === '' || /^[^\s]/.test(next ?? '') ? space : encode(space),
  }
}

const normalised = (text: string): string => text.replaceAll(/\r\n|\r|\n/g, '\r\n')

/** Printable ASCII that stands for itself wherever it stands. A space at its end might end the line. */
const isPlain = (text: string): boolean => /^[\x20-\x3c\x3e-\x7e]*[\x21-\x3c\x3e-\x7e]$/.test(text)

function encodeValue({ space, spaceAlone }: Piece, value: string): string {
  if (value === '') return spaceAlone
  return isPlain(value) ? space + value : encode(space + normalised(value))
}

/** With the soft line breaks it needs where it stands. */
function broken(column: number, encoded: string): string {
  const isOneLine = !encoded.includes('\n')
  if (isOneLine && column + encoded.length <= columns) return encoded
  return isOneLine && !encoded.includes('=') ? cut(column, encoded) : wrapOpen(column, `${encoded}x`)
}

/** Text without escapes may be broken anywhere. */
function cut(column: number, plain: string): string {
  let lines = plain.slice(0, columns - column)
  for (let at = lines.length; at < plain.length; at += columns) lines += softBreak + plain.slice(at, at + columns)
  return lines
}

/**
 * The library's line breaks for a piece of a text. Letters stand for what comes before it in its first line, and one,
 * the last of `encoded`, for what comes behind: so no line is too long for them, and a space before it is no last one.
 */
const wrapOpen = (column: number, encoded: string): string =>
  wrap('x'.repeat(column) + encoded)
    .slice(column, -1)
    .replace(/=\r\n$/, '')

const columnAfter = (column: number, text: string): number => {
  const lineEnd = text.lastIndexOf('\n')
  return lineEnd === -1 ? column + text.length : text.length - lineEnd - 1
}
