import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import type { Db } from '../../db/connect.ts'
import { storableText } from '../../db/consent.ts'
import { loadCategoryIds } from '../../db/contact-import.ts'
import type { Provenance } from '../../db/imported-contact.ts'
import { loadAddressKeys } from '../../db/installation.ts'
import { refreshStatistics } from '../../db/statistics.ts'
import { Refusal } from '../../domain/refusal.ts'
import { batchesOf, importBatch } from './batch.ts'
import { type ErrorFile, openErrorFile } from './errors.ts'
import { type Column, mapColumns } from './mapping.ts'
import { type CsvRecord, readRecords } from './records.ts'
import { type ImportCounts, type ImportProgress, type ImportReport, noCounts } from './report.ts'
import { seenContacts } from './seen.ts'
import { openSource } from './source.ts'
import { readText } from './text.ts'

export interface ImportOptions {
  /** Where the contacts come from: kept with new contacts and with every consent that the file proves. */
  source: string
  /** Column headers to what they are for (`ColumnTarget`). Columns that it does not name go by their headers. */
  mapping?: Record<string, string>
  /** Keys of categories that every row is subscribed to, besides those it names. */
  categories?: string[]
  /** Why the contacts may be mailed, and in what words; kept with every consent. */
  legalBasis?: string
  explanation?: string
  /** Where to write what could not be imported. Overwritten. */
  errorFile?: string
  /** Called after every batch. */
  onProgress?: (progress: ImportProgress) => void
}

/** About 100 ms of database work: long enough to be fast, short enough for an unsubscribe to wait for. */
const batchSize = 1000

/**
 * Imports contacts from CSV, streamed. Each batch is one transaction; what is there already is not changed by
 * importing it again, so an import that broke off is continued by repeating it.
 * @param input path of a file, or a stream of its bytes.
 * @throws Refusal when the input cannot be understood as CSV. Before the first batch nothing has been changed;
 *   later the sentence says how many rows are in.
 */
export async function importContacts(db: Db, input: string | Readable, options: ImportOptions): Promise<ImportReport> {
  refuseSameFile(input, options)
  const started = performance.now()
  const counts = noCounts()
  const errors = await openErrorFile(options.errorFile ?? null)
  let written: string | null = null
  try {
    await importSource(db, input, options, errors, counts)
  } catch (error) {
    throw error instanceof Refusal && counts.rows > 0 ? brokenOff(error, counts.rows) : error
  } finally {
    written = await errors.close()
  }
  return { ...counts, errorFile: written, seconds: (performance.now() - started) / 1000 }
}

async function importSource(
  db: Db,
  input: string | Readable,
  options: ImportOptions,
  errors: ErrorFile,
  counts: ImportCounts,
): Promise<void> {
  const categories = await loadCategoryIds(db, options.source)
  const everyRow = options.categories?.map((key) => requireCategory(key, categories)) ?? []
  const keyOf = await loadAddressKeys(db)
  const source = await openSource(input)
  const records = readRecords(readText(source.chunks, source.name), source.name)
  try {
    const columns = await readHeader(records, source.name, options.mapping)
    const run = { db, errors, counts, seen: seenContacts(), from: provenance(options), everyRow }
    for await (const batch of batchesOf(records, batchSize)) {
      await importBatch(batch, { ...run, context: { columns, categories, keyOf } })
      options.onProgress?.({ rows: counts.rows, bytes: source.bytesRead(), totalBytes: source.totalBytes })
    }
    await refreshStatistics(db)
  } finally {
    await records.return(undefined)
    source.close()
  }
}

async function readHeader(
  records: AsyncGenerator<CsvRecord>,
  name: string,
  mapping: Record<string, string> | undefined,
): Promise<Column[]> {
  const header = await records.next()
  if (header.done === true)
    throw new Refusal({ field: name, rule: 'the file is empty', remedy: 'Its first line names the columns.' })
  if (header.value.damaged)
    throw new Refusal({
      field: name,
      rule: 'the first line has a quoted name that goes on after its closing quote',
      remedy: 'Double the quotes that belong to a name ("").',
    })
  return mapColumns(header.value.values, mapping)
}

const provenance = (options: ImportOptions): Provenance => ({
  channel: 'email',
  source: options.source,
  legalBasis: storableText(options.legalBasis ?? null),
  explanation: storableText(options.explanation ?? null),
})

function requireCategory(key: string, known: ReadonlyMap<string, string>): string {
  const id = known.get(key)
  if (id !== undefined) return id
  throw new Refusal({
    field: 'categories',
    rule: `there is no category "${key}"`,
    remedy: known.size === 0 ? 'Create it first.' : `Known are: ${[...known.keys()].join(', ')}.`,
  })
}

function refuseSameFile(input: string | Readable, options: ImportOptions): void {
  if (typeof input !== 'string' || options.errorFile === undefined) return
  if (resolve(input) === resolve(options.errorFile))
    throw new Refusal({
      field: 'errorFile',
      rule: 'it would overwrite the file that is imported',
      remedy: 'Give it another name.',
    })
}

function brokenOff(refusal: Refusal, rows: number): Refusal {
  const { field, rule, remedy } = refusal.details
  const rest = `The first ${rows} rows were imported and stay; importing the mended file again doubles nothing.`
  return new Refusal({ field, rule, remedy: `${remedy} ${rest}` })
}
