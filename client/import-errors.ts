import { type FileHandle, open, rm } from 'node:fs/promises'
import type { Problem } from './import-row.ts'

export interface ErrorFile {
  write: (problems: readonly Problem[]) => Promise<void>
  /** @returns the path, or null when there was nothing to write. */
  close: () => Promise<string | null>
}

/**
 * The list of what could not be imported, as CSV with the columns line, column, value and rule. The file appears
 * with the first problem; one that an earlier import left goes when there is none.
 * @param path null writes nothing.
 */
export function errorFile(path: string | null): ErrorFile {
  let file: FileHandle | null = null
  return {
    write: async (problems) => {
      if (path === null || problems.length === 0) return
      if (file === null) {
        file = await open(path, 'w')
        await file.appendFile('\uFEFFline,column,value,rule\r\n')
      }
      await file.appendFile(problems.map(csvLine).join(''))
    },
    close: async () => {
      await file?.close()
      if (path !== null && file === null) await rm(path, { force: true })
      return file === null ? null : path
    },
  }
}

/** Enough to recognise the value by. */
const longestShown = 500

const csvLine = ({ line, column, value, rule }: Problem): string =>
  `${line},${[column, shortened(value), rule].map((each) => quoted(harmless(each))).join(',')}\r\n`

const shortened = (value: string): string => (value.length > longestShown ? `${value.slice(0, longestShown)}…` : value)

/** Spreadsheets run a cell that begins so as a formula, quoted or not: an apostrophe makes it text. */
const harmless = (value: string): string => (/^\s*[=+\-@\t\r\n|]/.test(value) ? `'${value}` : value)

const quoted = (value: string): string => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)
