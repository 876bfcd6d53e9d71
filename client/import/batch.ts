import type { Db } from '../../db/connect.ts'
import { takeTurn } from '../../db/consent.ts'
import { type BatchOutcome, saveContacts } from '../../db/contact-import.ts'
import { findByAddress, findByExternalId } from '../../db/contacts.ts'
import type { Provenance } from '../../db/imported-contact.ts'
import type { ErrorFile } from './errors.ts'
import { type MergedContact, mergeRows } from './merge.ts'
import type { CsvRecord } from './records.ts'
import type { ImportCounts } from './report.ts'
import { type ImportRow, type ReadRow, type RowContext, readRow } from './row.ts'
import type { SeenContacts } from './seen.ts'

/** What the batches of one import share. */
export interface ImportRun {
  db: Db
  context: RowContext
  from: Provenance
  /** Ids of the categories that every row is subscribed to. */
  everyRow: readonly string[]
  errors: ErrorFile
  counts: ImportCounts
  seen: SeenContacts
}

/** Groups records: the last batch may be shorter, none is empty. */
export async function* batchesOf(records: AsyncIterable<CsvRecord>, size: number): AsyncGenerator<CsvRecord[]> {
  let batch: CsvRecord[] = []
  for await (const record of records) {
    batch.push(record)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** Imports one batch in one transaction; counts it once that is committed. */
export async function importBatch(records: readonly CsvRecord[], run: ImportRun): Promise<void> {
  const read = records.map((record) => readRow(record, run.context))
  const rows = read.flatMap(({ row }) => row ?? [])
  for (const row of rows) row.categoryIds.push(...run.everyRow)
  const { contacts, outcome } = await save(rows, run)
  await run.errors.write(read.flatMap(({ problems }) => problems))
  countRows(run.counts, read)
  countContacts(run, contacts, outcome)
}

async function save(
  rows: readonly ImportRow[],
  { db, from }: ImportRun,
): Promise<{ contacts: MergedContact[]; outcome: BatchOutcome }> {
  return db.transaction().execute(async (db) => {
    await takeTurn(db)
    const contacts = mergeRows(rows, await findExisting(db, rows, from.channel))
    return { contacts, outcome: await saveContacts(db, contacts, from) }
  })
}

async function findExisting(db: Db, rows: readonly ImportRow[], channel: string) {
  const externalIds = rows.flatMap((row) => row.externalId ?? [])
  const keys = rows.filter((row) => row.externalId === null).map((row) => row.email.key)
  return {
    byExternalId: await findByExternalId(db, externalIds),
    byAddress: await findByAddress(db, channel, keys),
  }
}

function countRows(counts: ImportCounts, read: readonly ReadRow[]): void {
  counts.rows += read.length
  for (const { row, problems } of read) {
    if (row === null) counts.rejected += 1
    else counts.warnings += problems.length
  }
}

function countContacts(run: ImportRun, contacts: readonly MergedContact[], outcome: BatchOutcome): void {
  const { counts, seen } = run
  counts.subscribed += outcome.subscribed
  counts.optedOut += outcome.optedOut
  counts.refusalsKept += outcome.refusalsKept
  for (const [index, { rows }] of contacts.entries()) {
    const id = outcome.ids[index] as string
    const isFirst = seen.add(id)
    counts.repeated += isFirst ? rows - 1 : rows
    if (!isFirst) continue
    if (outcome.created.has(id)) counts.created += 1
    else if (outcome.changed.has(id)) counts.updated += 1
    else counts.unchanged += 1
  }
}
