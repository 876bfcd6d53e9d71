import type { Command } from 'commander'
import type { PendingUnsubscribe } from '../../db/pending-unsubscribe.ts'
import type { Decision } from '../unsubscribes.ts'
import { type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { table } from './table.ts'
import { userName } from './user-name.ts'

interface DecideOptions extends ReadOptions {
  by: string
}

export function addUnsubscribes(program: Command): void {
  const unsubscribes = program.command('unsubscribes').summary('delayed unsubscribes that run')
  unsubscribes
    .command('list')
    .description('Who is about to leave what, the next due first.')
    .option('--contact <name>', 'e-mail address, external id or id')
    .option('--json', 'print as JSON')
    .action(list)
  for (const [name, description] of [
    ['confirm', 'Unsubscribes now instead of when the time is over.'],
    ['cancel', 'Ends the timer and leaves the subscription as it is.'],
  ] as const)
    unsubscribes
      .command(name)
      .description(`${description} Says what was decided before, if it comes too late.`)
      .argument('<id>', 'as list shows it, and as in unsubscribe/<id>')
      .option('--by <name>', 'who', userName())
      .option('--json', 'print as JSON')
      .action((id: string, options: DecideOptions) => decide(name, id, options))
}

const list = ({ contact, ...options }: ReadOptions & { contact?: string }): Promise<void> =>
  withAddressee(async ({ unsubscribes }) =>
    show(await unsubscribes.list(contact === undefined ? {} : { contact }), options, pendingTable),
  )

const decide = (name: 'confirm' | 'cancel', id: string, { by, ...options }: DecideOptions): Promise<void> =>
  withAddressee(async ({ unsubscribes }) => show(await unsubscribes[name](id, { by }), options, sentence))

const sentence = ({ id, state, changed }: Decision): string =>
  `The unsubscribe ${id} ${changed ? 'is' : 'was already'} ${state}.`

const pendingTable = (pending: PendingUnsubscribe[]): string =>
  table(
    ['id', 'due at', 'contact', 'name', 'category', 'resource'],
    pending.map((each) => [
      each.id,
      each.dueAt.toISOString(),
      each.contactId,
      each.firstName,
      each.category ?? '(everything)',
      each.resource,
    ]),
  )
