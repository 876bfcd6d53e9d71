import { type Command, Option } from 'commander'
import { type SuppressionKind, suppressionKinds } from '../../domain/audience-rule.ts'
import type { Suppression } from '../suppressions.ts'
import { showInstant } from './instant.ts'
import { notice, type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { table } from './table.ts'

export function addSuppressions(program: Command): void {
  const suppressions = program.command('suppressions').summary('addresses that must not be mailed')
  suppressions
    .command('create')
    .description('Suppresses an address whatever anyone subscribes to. It outlives the contact.')
    .argument('<email>', 'e-mail address')
    .addOption(new Option('--kind <kind>', 'why').choices(suppressionKinds).default('blacklisted'))
    .option('--reason <text>', 'in words')
    .option('--json', 'print as JSON')
    .action(create)
  suppressions
    .command('find')
    .description('The suppression of an address, if there is one. The addresses themselves are not kept.')
    .argument('<email>', 'e-mail address')
    .option('--json', 'print as JSON')
    .action(find)
  suppressions
    .command('remove')
    .description('Lets an address be mailed again.')
    .argument('<email>', 'e-mail address')
    .action(remove)
}

const create = (email: string, { json, ...rest }: ReadOptions & { kind: SuppressionKind; reason?: string }) =>
  withAddressee(async ({ suppressions }) => {
    const { created, ...suppression } = await suppressions.create({ email, ...rest })
    if (!created) notice('Suppressed already; nothing was changed.')
    show([suppression], { ...(json && { json }) }, suppressionTable)
  })

const find = (email: string, options: ReadOptions): Promise<void> =>
  withAddressee(async ({ suppressions }) => {
    const found = await suppressions.find(email)
    if (found === undefined) notice('The address is not suppressed.')
    show(found === undefined ? [] : [found], options, suppressionTable)
  })

const remove = (email: string): Promise<void> =>
  withAddressee(async ({ suppressions }) => {
    const found = await suppressions.find(email)
    if (found !== undefined) await suppressions.remove(found.id)
    notice(found === undefined ? 'The address was not suppressed.' : 'The address may be mailed again.')
  })

const suppressionTable = (suppressions: Suppression[]): string =>
  table(
    ['id', 'kind', 'reason', 'since'],
    suppressions.map(({ id, kind, reason, createdAt }) => [id, kind, reason, showInstant(createdAt)]),
  )
