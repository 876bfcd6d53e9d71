import { styleText } from 'node:util'

export type Cell = string | number | null

/** Aligned columns under their names; numbers stand to the right. Nothing is shown as `-`. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const [names, ...lines] = aligned([head, ...rows], head.length)
  return [styleText('bold', names ?? ''), ...lines].join('\n')
}

/** Names and values, one a line. */
export const details = (pairs: readonly (readonly [string, Cell])[]): string => aligned(pairs, 2).join('\n')

function aligned(rows: readonly (readonly Cell[])[], columns: number): string[] {
  const texts = rows.map((row) => row.map(textOf))
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...texts.map((row) => width(row[column] ?? ''))),
  )
  return texts.map((row, index) =>
    row
      .map((text, column) => {
        const padding = ' '.repeat((widths[column] ?? 0) - width(text))
        return typeof rows[index]?.[column] === 'number' ? padding + text : text + padding
      })
      .join('  ')
      .trimEnd(),
  )
}

function textOf(cell: Cell): string {
  if (cell === null || cell === '') return '-'
  // Values come from imported files: none may move the reader's cursor or turn the line around.
  return typeof cell === 'number'
    ? cell.toLocaleString('en-US')
    : cell.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, '\u{fffd}')
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u

/** Columns on a terminal: East Asian letters take two, accents that stand on another letter none. */
const width = (text: string): number =>
  Array.from(text).reduce((sum, letter) => sum + (/\p{M}/u.test(letter) ? 0 : wide.test(letter) ? 2 : 1), 0)
