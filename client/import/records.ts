import { pipeline } from 'node:stream'
import { CsvError, type Options, parse } from 'csv-parse'
import { parse as parseSync } from 'csv-parse/sync'
import { Refusal } from '../../domain/refusal.ts'
import { lineEnds } from './text.ts'

export interface CsvRecord {
  /** Where the record begins in the file, counted as an editor does. */
  line: number
  lastLine: number
  values: string[]
  /** A quoted value goes on after its closing quote: the values cannot be trusted. */
  damaged: boolean
}

/** No contact needs more; what does is a quote that was opened and never closed. */
const longestRecord = 1_000_000

const grammar = {
  record_delimiter: '\n',
  // `1, "Smith, Bob"`: the space belongs to nobody.
  ltrim: true,
  relax_column_count: true,
  skip_empty_lines: true,
  // Spreadsheets write rows of commas below the data.
  skip_records_with_empty_values: true,
  max_record_size: longestRecord,
} satisfies Options

/**
 * Reads CSV as companies write it: the delimiter (comma, semicolon or tab) is found in the first line, empty lines
 * are skipped, stray quotes are text. The first record is the header. One record at a time: memory stays constant.
 * @param text in which every line end is one LF.
 * @throws Refusal for a quote that never closes.
 */
export async function* readRecords(text: AsyncGenerator<string>, name: string): AsyncGenerator<CsvRecord> {
  const head = await readHead(text)
  const delimiter = delimiterOf(firstLine(head) ?? head)
  let lastLine = 0
  // Noted while parsing: records before an error may never reach the loop.
  const on_record: Options['on_record'] = (record, { lines }) => {
    lastLine = lines
    return record
  }
  // Without `relax_quotes` one stray quote would swallow every row up to the next.
  const parser = parse({ ...grammar, delimiter, relax_quotes: true, raw: true, info: true, on_record })
  // The loop below meets every error: the callback has nothing to add.
  const parsed = pipeline(
    () => startWith(head, text),
    parser,
    () => {},
  )
  try {
    for await (const { record, raw, info } of parsed as AsyncIterable<ParsedRecord>) {
      const line = info.lines - record.reduce((sum, value) => sum + lineEnds(value), 0)
      yield { line, lastLine: info.lines, values: record, damaged: isDamaged(record, raw, delimiter) }
    }
  } catch (error) {
    throw error instanceof CsvError ? unclosedQuote(error, name, lastLine) : error
  }
}

interface ParsedRecord {
  record: string[]
  raw: string
  info: { lines: number }
}

async function readHead(text: AsyncGenerator<string>): Promise<string> {
  let head = ''
  while (firstLine(head) === null && head.length < longestRecord) {
    const next = await text.next()
    if (next.done === true) break
    head += next.value
  }
  return head
}

async function* startWith(head: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield head
  yield* rest
}

/** The first line that is not empty, without what stands in quotes; null while its end has not been read. */
function firstLine(head: string): string | null {
  const [line, ...more] = head
    .replaceAll(/"[^"]*("|$)/g, '')
    .replace(/^\n+/, '')
    .split('\n', 2)
  return more.length === 0 ? null : (line ?? null)
}

/** A tab or a semicolon is rarely part of a name; a comma is now and then. */
function delimiterOf(line: string): string {
  const count = (delimiter: string) => line.split(delimiter).length
  return [';', '\t'].reduce((best, each) => (count(each) > 1 && count(each) >= count(best) ? each : best), ',')
}

/** The lenient parser keeps the quotes of `"a"b`, as it does those of `"""a"` doubled: the strict one can tell. */
function isDamaged(values: readonly string[], raw: string, delimiter: string): boolean {
  if (!values.some((value) => value.startsWith('"'))) return false
  try {
    parseSync(raw, { ...grammar, delimiter })
    return false
  } catch {
    return true
  }
}

const unclosedQuote = (error: CsvError, name: string, lastLine: number) =>
  new Refusal({
    field: name,
    rule:
      error.code === 'CSV_MAX_RECORD_SIZE'
        ? `the record after line ${lastLine} is longer than ${longestRecord} bytes: a quote in it may never close`
        : `a quote that opens after line ${lastLine} never closes`,
    remedy: 'Close the quote, or double it ("") if it belongs to the value, and import the file again.',
  })
