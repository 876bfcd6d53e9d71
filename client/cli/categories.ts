import { type Command, Option } from 'commander'
import type { CategoryRow } from '../../db/categories.ts'
import type { NewCategory } from '../../domain/category-settings.ts'
import { collect } from './arguments.ts'
import { notice, type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { table } from './table.ts'

interface CreateOptions extends ReadOptions, Omit<NewCategory, 'title' | 'channels'> {
  channel?: string[]
}

export function addCategories(program: Command): void {
  const categories = program.command('categories').summary('what contacts subscribe to')
  categories
    .command('create')
    .description('Creates a category, with the segment of its subscribers. A key that is taken is that category.')
    .argument('<title>', 'what people read')
    .requiredOption('--resource <key>', 'resource that it belongs to')
    .option('--key <key>', 'what programs name it by; made from the title when left out; immutable')
    .option('--description <text>', 'what subscribers may expect')
    .addOption(
      new Option('--consent <kind>', 'who said nothing: is not subscribed (opt_in), or is (opt_out)')
        .choices(['opt_in', 'opt_out'])
        .default('opt_in'),
    )
    .option('--channel <name>', 'applies to this channel only; repeatable', collect)
    .option('--json', 'print the category as JSON')
    .action(create)
  categories.command('list').description('Every category.').option('--json', 'print as JSON').action(list)
}

const create = (title: string, { json, channel, ...rest }: CreateOptions): Promise<void> =>
  withAddressee(async ({ categories }) => {
    const created = await categories.create({ title, ...rest, ...(channel && { channels: channel }) })
    if (!created.created) notice(`Category ${created.key} exists already; nothing was changed.`)
    show(created, { ...(json && { json }) }, ({ key }) => key)
  })

const list = (options: ReadOptions): Promise<void> =>
  withAddressee(async ({ categories }) => show(await categories.list(), options, categoryTable))

const categoryTable = (categories: CategoryRow[]): string =>
  table(
    ['key', 'title', 'resource', 'consent', 'channels', 'subscribed'],
    categories.map(({ key, title, resource, consent, channels, subscribed }) => [
      key,
      title,
      resource,
      consent,
      channels?.join(', ') ?? 'all',
      subscribed,
    ]),
  )
