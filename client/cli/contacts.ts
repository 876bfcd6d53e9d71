import { type Command, InvalidArgumentError } from 'commander'
import type { ImportProgress, ImportReport } from '../import/report.ts'
import { collect } from './arguments.ts'
import { addContactConsent } from './contact-consent.ts'
import { addErase } from './contact-erase.ts'
import { addContactExport } from './contact-export.ts'
import { addContactMessages } from './contact-messages.ts'
import { addContactSave } from './contact-save.ts'
import { addContactShow } from './contact-show.ts'
import { notice, type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { details } from './table.ts'
import { createTerminal } from './terminal.ts'

interface ImportFlags extends ReadOptions {
  source: string
  map?: Record<string, string>
  category?: string[]
  legalBasis?: string
  explanation?: string
  errors?: string
}

const footer = `
Columns go by their headers (E-mail, Vorname, Topics …); one that is not recognised becomes an attribute.
Fields for --map: externalId, email, firstName, lastName, language, timeZone, categories, optOut,
attribute:<name>, ignore. Who refused before stays refused, whatever the file says.

Examples:
  $ addressee contacts import customers.csv --source shop --category news --errors rejected.csv
  $ zcat customers.csv.gz | addressee contacts import - --source shop --map "Kd.-Nr.=externalId"
`

export function addContacts(program: Command): void {
  const contacts = program.command('contacts').summary('the people')
  contacts
    .command('import')
    .description('Imports contacts from CSV. Repeating it changes nothing twice.')
    .argument('<file>', 'the CSV file; - reads standard input')
    .requiredOption('--source <name>', 'where the contacts come from; kept with each of them')
    .option('--map <column=field>', 'what a column is for; repeatable', mapColumn)
    .option('--category <key>', 'subscribe every contact of the file to it; repeatable', collect)
    .option('--legal-basis <text>', 'why they may be mailed; kept with every consent')
    .option('--explanation <text>', 'in which words they agreed; kept with every consent')
    .option('--errors <file>', 'write each row and value that was left out there, with the rule')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', footer)
    .action(importContacts)
  addContactShow(contacts)
  addContactSave(contacts)
  addContactMessages(contacts)
  addContactConsent(contacts)
  addContactExport(contacts)
  addErase(contacts)
}

/** At the last `=`: a column's header may hold one, a field does not. */
function mapColumn(value: string, previous: Record<string, string> = {}): Record<string, string> {
  const at = value.lastIndexOf('=')
  if (at < 1) throw new InvalidArgumentError('Write it as "Column=field".')
  return { ...previous, [value.slice(0, at)]: value.slice(at + 1) }
}

const importContacts = (file: string, flags: ImportFlags): Promise<void> =>
  withAddressee(async ({ contacts }) => {
    const { source, map, category, legalBasis, explanation, errors } = flags
    const { progress, say } = createTerminal(process.stderr)
    const started = performance.now()
    const report = await contacts.import(file === '-' ? process.stdin : file, {
      source,
      ...(map && { mapping: map }),
      ...(category && { categories: category }),
      ...(legalBasis !== undefined && { legalBasis }),
      ...(explanation !== undefined && { explanation }),
      ...(errors !== undefined && { errorFile: errors }),
      onProgress: (now) => progress(progressLine(now, (performance.now() - started) / 1000)),
    })
    say(`imported ${report.rows} rows in ${report.seconds.toFixed(1)} s`)
    sayLeftOut(report)
    show(report, flags, reportTable)
  })

function progressLine({ rows, bytes, totalBytes }: ImportProgress, seconds: number): string {
  const share = totalBytes ? `, ${Math.floor((100 * bytes) / totalBytes)} %` : ''
  return `importing: ${rows} rows${share}, ${Math.round(rows / seconds)} a second`
}

function sayLeftOut({ rejected, warnings, errorFile }: ImportReport): void {
  if (rejected + warnings === 0) return
  const where = errorFile === null ? '--errors <file> writes down which, and why' : `${errorFile} says which, and why`
  notice(`warning: ${rejected} rows were rejected, and ${warnings} values left out of rows that were kept; ${where}.`)
}

const reportTable = (report: ImportReport): string =>
  details([
    ['rows', report.rows],
    ['  created', report.created],
    ['  updated', report.updated],
    ['  unchanged', report.unchanged],
    ['  repeated', report.repeated],
    ['  rejected', report.rejected],
    ['values left out', report.warnings],
    ['subscribed', report.subscribed],
    ['opted out', report.optedOut],
    ['refusals kept', report.refusalsKept],
  ])
