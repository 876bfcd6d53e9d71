import { showInstant } from './instant.ts'
import { type Cell, details } from './table.ts'

/** Everything that something is set to, one a line: `listId` as "list id". */
export const settingDetails = (settings: object): string =>
  details(Object.entries(settings).map(([name, value]): [string, Cell] => [spaced(name), cellOf(value)]))

const spaced = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return null
  if (value instanceof Date) return showInstant(value)
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'string') return value
  // As a text: these stand among texts, to the left.
  if (typeof value === 'number') return String(value)
  return isTexts(value) ? value.join(', ') : JSON.stringify(value)
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string')
