import { type Command, InvalidArgumentError } from 'commander'
import { wholeNumber } from './arguments.ts'
import { type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { details } from './table.ts'
import { userName } from './user-name.ts'

interface ByOptions extends ReadOptions {
  by: string
}

const emptyHelp = `
The contacts stay, and may subscribe again: it is no refusal of theirs. Who has refused the category has refused it still.
`
const capHelp = `
Examples:
  $ addressee categories cap          how many may be active, and how many are
  $ addressee categories cap 50
  $ addressee categories cap none
`

/** Who is in a category, and how many categories there may be. */
export function addCategoryContacts(categories: Command): void {
  categories
    .command('empty')
    .description('Takes every contact out of a category.')
    .argument('<key>', 'the category')
    .option('--by <name>', 'who', userName())
    .option('--json', 'print the count as JSON')
    .addHelpText('after', emptyHelp)
    .action(empty)
  categories
    .command('exclude')
    .description('Takes one contact out of a category.')
    .argument('<key>', 'the category')
    .argument('<contact>', 'id, external id or e-mail address')
    .option('--by <name>', 'who', userName())
    .option('--json', 'print the count as JSON')
    .action(exclude)
  categories
    .command('cap')
    .description('How many categories may be active.')
    .argument('[number]', 'from now on; none: any number', capOf)
    .option('--json', 'print as JSON')
    .addHelpText('after', capHelp)
    .action(cap)
}

const empty = (key: string, { by, ...options }: ByOptions): Promise<void> =>
  withAddressee(async ({ categories }) => show(await categories.empty(key, { by }), options, excludedText))

const exclude = (key: string, contact: string, { by, ...options }: ByOptions): Promise<void> =>
  withAddressee(async ({ categories }) => show(await categories.exclude(key, contact, { by }), options, excludedText))

const excludedText = ({ excluded }: { excluded: number }): string => `${excluded} taken out`

function capOf(value: string): number | null {
  if (value === 'none') return null
  try {
    return wholeNumber(1)(value)
  } catch {
    throw new InvalidArgumentError('It must be a whole number from 1 on, or none.')
  }
}

const cap = (number: number | null | undefined, options: ReadOptions): Promise<void> =>
  withAddressee(async ({ categories }) => {
    const set = number === undefined ? await categories.cap() : await categories.setCap(number)
    show(set, options, (shown) =>
      details([
        ['active', shown.active],
        ['may be', shown.cap ?? 'any number'],
      ]),
    )
  })
