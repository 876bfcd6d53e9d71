import { type Oddity, type OddityName, oddities, pickOddity } from './oddities.ts'
import { type Random, seededRandom } from './random.ts'
import { csvRecord, headers, optedOutSpellings, type SampleRow, soundRow } from './row.ts'

/** Another seed is another sample: tests pin what this one gives. */
const seed = 20_261_122
const sampleRows = 20_000

/** What an importer must make of the sample: the generator knows what it broke. */
export interface Expectations {
  rows: number
  /** Rows by what is odd about them. */
  oddities: Partial<Record<OddityName | 'repeated' | 'repeatedWithChanges', number>>
  /** What the error file must name, in the order of the file. An empty column means the whole row. */
  problems: { line: number; column: string }[]
  rejected: number
  warnings: number
  repeated: number
  contacts: number
  optedOut: number
  /** Pairs of contact and category. */
  subscribed: number
  /** Distinct addresses of contacts that subscribe to `news` and have not opted out. */
  newsRecipients: number
}

export interface Sample {
  /** UTF-8 with a byte order mark and CRLF, as spreadsheets write it. */
  csv: string
  expectations: Expectations
}

/** Writes the sample of 20,000 contacts; every call gives the same. */
export function generateSample(): Sample {
  const random = seededRandom(seed)
  const writer = createWriter()
  let last: SampleRow | null = null
  for (let number = 1; number <= sampleRows; number += 1) {
    const repeat = last === null ? null : repeatOf(last, writer.sound, random)
    if (repeat !== null) {
      writer.repeat(repeat.row, repeat.kind)
      last = null
      continue
    }
    const row = soundRow(number, random)
    const name = writer.sound.length === 0 ? null : pickOddity(random)
    if (name !== null) (oddities[name] as Oddity).apply(row, random, random.pick(writer.sound))
    writer.add(row, name)
    last = name === null ? row : null
  }
  return writer.finish()
}

/** Exports repeat rows: somebody just written, with something changed; or somebody of long ago, as they were. */
function repeatOf(last: SampleRow, sound: readonly SampleRow[], random: Random) {
  const kind = random.pick(['repeated', 'repeatedWithChanges'] as const)
  if (!random.chance(0.012)) return null
  if (kind === 'repeated') return { kind, row: random.pick(sound.slice(0, -1)) }
  // Who was changed is not to be repeated as they were before.
  const row = { ...last, plan: 'gold', city: 'Reykjavík' }
  return { kind, row }
}

function createWriter() {
  const records: string[] = [csvRecord(Object.values(headers))]
  const sound: SampleRow[] = []
  const recipients = new Set<string>()
  const counts: Expectations = {
    rows: 0,
    oddities: {},
    problems: [],
    rejected: 0,
    warnings: 0,
    repeated: 0,
    contacts: 0,
    optedOut: 0,
    subscribed: 0,
    newsRecipients: 0,
  }
  let line = 2
  const write = (values: string[], kind: keyof Expectations['oddities'] | null): void => {
    const record = csvRecord(values)
    records.push(record)
    line += record.split('\r\n').length - 1
    counts.rows += 1
    if (kind !== null) counts.oddities[kind] = (counts.oddities[kind] ?? 0) + 1
  }
  return {
    /** Rows with nothing odd: the ones that others repeat or resemble. */
    sound,
    add: (row: SampleRow, name: OddityName | null): void => {
      const oddity: Oddity | null = name === null ? null : oddities[name]
      const column = oddity?.rejectedFor ?? oddity?.leftOut
      if (column !== undefined) counts.problems.push({ line, column })
      write(valuesOf(row, name), name)
      if (name === null) sound.push(row)
      if (oddity?.leftOut !== undefined) counts.warnings += 1
      if (oddity?.rejectedFor !== undefined) counts.rejected += 1
      else countContact(counts, recipients, row)
    },
    repeat: (row: SampleRow, kind: 'repeated' | 'repeatedWithChanges'): void => {
      write(valuesOf(row, null), kind)
      counts.repeated += 1
      if (kind === 'repeatedWithChanges') sound.pop()
    },
    finish: (): Sample => {
      counts.newsRecipients = recipients.size
      return { csv: `\uFEFF${records.join('')}`, expectations: counts }
    },
  }
}

function valuesOf(row: SampleRow, name: OddityName | null): string[] {
  const values = Object.keys(headers).map((column) => row[column as keyof SampleRow])
  if (name === 'shortRow') return values.slice(0, 4)
  return name === 'longRow' ? [...values, '', 'moved?'] : values
}

function countContact(counts: Expectations, recipients: Set<string>, row: SampleRow): void {
  counts.contacts += 1
  if (optedOutSpellings.includes(row.unsubscribed)) {
    counts.optedOut += 1
    return
  }
  const topics = row.topics === '' ? [] : row.topics.split(';').map((topic) => topic.trim())
  counts.subscribed += topics.length
  if (topics.includes('news')) recipients.add(row.email.trim().toLowerCase())
}
