import { type FileHandle, open, rm } from 'node:fs/promises'
import { Refusal } from '../../domain/refusal.ts'
import type { Problem } from './row.ts'

export interface ErrorFile {
  write: (problems: readonly Problem[]) => Promise<void>
  /** @returns the path, or null when there was nothing to write. */
  close: () => Promise<string | null>
}

/**
 * The list of what could not be imported, as CSV with the columns line, column, value and rule. Opened before
 * anything is imported; without a problem no file remains, not even one of an earlier import.
 * @param path null writes nothing.
 * @throws {Refusal} when it cannot be written.
 */
export async function openErrorFile(path: string | null): Promise<ErrorFile> {
  const file = path === null ? null : await openForWriting(path)
  let written = false
  return {
    write: async (problems) => {
      if (file === null || problems.length === 0) return
      if (!written) await file.appendFile('\uFEFFline,column,value,rule\r\n')
      written = true
      await file.appendFile(problems.map(csvLine).join(''))
    },
    close: async () => {
      await file?.close()
      if (path !== null && !written) await rm(path, { force: true })
      return written ? path : null
    },
  }
}

async function openForWriting(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'w')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const remedy = 'Name a file in a folder that exists and can be written to.'
    throw new Refusal({ field: 'errorFile', rule: `cannot be written: ${why}`, remedy })
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
