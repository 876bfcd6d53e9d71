import type { Command } from 'commander'
import type { OptOut } from '../opt-outs.ts'
import { showInstant } from './instant.ts'
import { notice, type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { contactArgument, type GroundOptions, withGround } from './subscriptions.ts'
import { table } from './table.ts'

export function addOptOuts(program: Command): void {
  const optOuts = program.command('opt-outs').summary('no more of anything')
  withGround(
    optOuts
      .command('create')
      .description('Opts a contact out, and every other that has one of its addresses.')
      .argument('<contact>', contactArgument)
      .option('--resource <key>', 'from this resource only; from everything when left out'),
  ).action(create)
  optOuts
    .command('list')
    .description('What a contact has opted out of.')
    .argument('<contact>', contactArgument)
    .option('--json', 'print as JSON')
    .action(list)
}

const create = (name: string, { resource, ...ground }: GroundOptions & { resource?: string }): Promise<void> =>
  withAddressee(async ({ optOuts }) => {
    const changed = await optOuts.create({ name }, { resource }, { ...ground, through: 'operator' })
    notice(changed ? 'Opted out.' : 'Opted out already; nothing was changed.')
  })

const list = (name: string, options: ReadOptions): Promise<void> =>
  withAddressee(async ({ optOuts }) =>
    show(await optOuts.list({ contact: { name }, limit: 1000 }), options, optOutTable),
  )

export const optOutTable = (optOuts: OptOut[]): string =>
  table(
    ['from', 'channel', 'through', 'since'],
    optOuts.map(({ resource, channel, source, createdAt }) => [
      resource ?? 'everything',
      channel ?? 'all',
      source,
      showInstant(createdAt),
    ]),
  )
