import { Argument, type Command } from 'commander'
import { type LimitScope, limitScopes } from '../../domain/limit.ts'
import type { Limit, NewLimit } from '../limits.ts'
import { positiveNumber, wholeNumbers } from './arguments.ts'
import { notice, type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { table } from './table.ts'
import { userName } from './user-name.ts'

interface SetOptions extends ReadOptions, Omit<NewLimit, 'scope' | 'key'> {
  by: string
}

const examples = `
Scopes:
  provider   everything that goes through one mail server; the key is its host name, as in SMTP_URL
  resource   everything of one resource
  domain     everything to one domain of recipients, such as gmail.com
  campaign   one campaign; may be set before it is scheduled

Examples:
  $ addressee limits set provider mail.example.com --per-second 50
  $ addressee limits set provider mail.example.com --per-day 500,1000,2000,4000 --starts-on 2030-01-31
  $ addressee limits set domain gmail.com --per-second 0.5
`

export function addLimits(program: Command): void {
  const limits = program.command('limits').summary('how fast messages may leave, and how many a day')
  const scope = () => new Argument('<scope>', 'what it holds for').choices(limitScopes)
  limits
    .command('set')
    .description('Sets a limit in place of what it was. All workers together obey it from now on, while they run.')
    .addArgument(scope())
    .argument('<key>', 'which of them')
    .option('--per-second <number>', 'messages a second', positiveNumber)
    .option('--per-day <caps>', 'how many on the first day, the second, and so on, with commas between', wholeNumbers)
    .option('--starts-on <date>', 'the first of these days, in UTC; today when left out')
    .option('--by <name>', 'who', userName())
    .option('--json', 'print the limit as JSON')
    .addHelpText('after', examples)
    .action(set)
  limits
    .command('list')
    .description('Every limit, with what was used of it today (UTC).')
    .option('--json', 'print as JSON')
    .action(list)
  limits
    .command('remove')
    .description('Removes a limit: from now on it holds nobody.')
    .addArgument(scope())
    .argument('<key>', 'which of them')
    .action(remove)
}

const set = (scope: LimitScope, key: string, { json, by, ...rest }: SetOptions): Promise<void> =>
  withAddressee(async ({ limits }) => {
    const limit = await limits.set({ scope, key, ...rest }, { by })
    show(limit, { ...(json && { json }) }, (limit) => limitTable([limit]))
  })

const list = (options: ReadOptions): Promise<void> =>
  withAddressee(async ({ limits }) => show(await limits.list(), options, limitTable))

const remove = (scope: LimitScope, written: string): Promise<void> =>
  withAddressee(async ({ limits }) => {
    const { key } = await limits.remove(scope, written)
    notice(`The limit of ${scope} ${key} is removed.`)
  })

const limitTable = (limits: Limit[]): string =>
  table(
    ['scope', 'key', 'a second', 'used today', 'cap today', 'warm-up', 'set by'],
    limits.map((limit) => [
      limit.scope,
      limit.key,
      // As a text: a number would be rounded to three digits.
      limit.perSecond === null ? null : String(limit.perSecond),
      limit.usedToday,
      limit.capToday,
      warmUp(limit),
      limit.changedBy,
    ]),
  )

function warmUp({ perDay, startsOn, capDay }: Limit): string | null {
  if (perDay === null || capDay === null) return null
  if (capDay < 1) return `${perDay.length} days from ${startsOn}`
  return capDay > perDay.length ? 'over' : `day ${capDay} of ${perDay.length}`
}
