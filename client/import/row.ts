import type { AddressKeyOf } from '../../domain/address-key.ts'
import type { Column, ContactField } from './mapping.ts'
import type { CsvRecord } from './records.ts'
import {
  type ReadAddress,
  type Reading,
  readAttribute,
  readCategories,
  readEmail,
  readExternalId,
  readLanguage,
  readName,
  readOptOut,
  readTimeZone,
} from './values.ts'

export interface ImportRow {
  externalId: string | null
  email: ReadAddress
  firstName: string | null
  lastName: string | null
  language: string | null
  timeZone: string | null
  attributes: Record<string, string>
  categoryIds: string[]
  optOut: boolean
}

/** One line of the error file. */
export interface Problem {
  line: number
  column: string
  value: string
  rule: string
}

/** A row that is rejected has at least one problem; one that is kept may have lost values (`problems`) too. */
export type ReadRow = { row: ImportRow | null; problems: Problem[] }

export interface RowContext {
  columns: readonly Column[]
  /** Category keys to ids. */
  categories: ReadonlyMap<string, string>
  keyOf: AddressKeyOf
}

/** Reads a record into a contact, or says everything that is wrong with it. */
export function readRow(record: CsvRecord, context: RowContext): ReadRow {
  const shape = wrongShape(record, context.columns.length)
  if (shape !== null) {
    const problem = { line: record.line, column: '', value: record.values.join(','), rule: shape }
    return { row: null, problems: [problem] }
  }
  const problems: Problem[] = []
  const row = emptyRow()
  let rejected = false
  for (const [index, column] of context.columns.entries()) {
    const value = record.values[index] ?? ''
    const rules = readInto(row, column, value, context)
    const isLeftOut = leavesOut(column)
    if (rules.length > 0 && !isLeftOut) rejected = true
    for (const rule of rules)
      problems.push({ line: record.line, column: column.header, value, rule: isLeftOut ? `${rule}: left out` : rule })
  }
  return { row: rejected || row.email === null ? null : { ...row, email: row.email }, problems }
}

/** A contact is not lost for these: whoever speaks an unknown language is reached in the default one. */
const leavesOut = ({ use }: Column): boolean =>
  use.kind === 'field' && (use.field === 'language' || use.field === 'timeZone')

type PartialRow = Omit<ImportRow, 'email'> & { email: ReadAddress | null }

const emptyRow = (): PartialRow => ({
  externalId: null,
  email: null,
  firstName: null,
  lastName: null,
  language: null,
  timeZone: null,
  attributes: {},
  categoryIds: [],
  optOut: false,
})

function wrongShape(record: CsvRecord, expected: number): string | null {
  const span = record.lastLine > record.line ? `, up to line ${record.lastLine}: is a quote missing?` : ''
  if (record.damaged) return `a quoted value goes on after its closing quote${span}`
  const actual = record.values.length
  return actual === expected ? null : `the row has ${actual} columns, the header ${expected}${span}`
}

/** @returns the rules that the value breaks. */
function readInto(row: PartialRow, { use }: Column, value: string, context: RowContext): string[] {
  switch (use.kind) {
    case 'ignore':
      return []
    case 'attribute':
      return take(readAttribute(value), (read) => {
        if (read !== null) row.attributes[use.key] = read
      })
    case 'field':
      return readField(row, use.field, value, context)
  }
}

function readField(row: PartialRow, field: ContactField, value: string, context: RowContext): string[] {
  switch (field) {
    case 'externalId':
      return take(readExternalId(value), (read) => (row.externalId = read))
    case 'email':
      return take(readEmail(value, context.keyOf), (read) => (row.email = read))
    case 'firstName':
    case 'lastName':
      return take(readName(value), (read) => (row[field] = read))
    case 'language':
      return take(readLanguage(value), (read) => (row.language = read))
    case 'timeZone':
      return take(readTimeZone(value), (read) => (row.timeZone = read))
    case 'categories':
      return take(readCategories(value, context.categories), (read) => (row.categoryIds = read))
    case 'optOut':
      return take(readOptOut(value), (read) => (row.optOut = read))
  }
}

function take<T>(reading: Reading<T>, store: (value: T) => void): string[] {
  if (!reading.ok) return reading.rules
  store(reading.value)
  return []
}
