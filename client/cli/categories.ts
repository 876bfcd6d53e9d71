import type { Command } from 'commander'
import type { CategoryRow } from '../../db/categories.ts'
import { collect } from './arguments.ts'
import { addCategoryContacts } from './category-contacts.ts'
import { type SettingOptions, settingsFrom, withSettings } from './category-options.ts'
import { notice, type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { settingDetails } from './setting-details.ts'
import { table } from './table.ts'

const createExamples = `
Examples:
  $ addressee categories create "Weekly news" --resource acme --description "Every Friday"
  $ addressee categories create "Partner offers" --resource acme --double-opt-in --frequency 1/7d
`
const updateExamples = `
Examples:
  $ addressee categories update weekly-news --title "News of the week"
  $ addressee categories update partner-offers --no-listed --clear frequency
`

export function addCategories(program: Command): void {
  const categories = program.command('categories').summary('what contacts subscribe to')
  const json = (command: Command) => command.option('--json', 'print as JSON')
  const create = categories
    .command('create')
    .description('Creates a category, with the segment of its subscribers. A key that is taken is that category.')
    .argument('<title>', 'what people read')
    .requiredOption('--resource <key>', 'resource that it belongs to')
    .option('--key <key>', 'what programs name it by; made from the title when left out; immutable')
  json(withSettings(create)).addHelpText('after', createExamples).action(createCategory)
  json(categories.command('show').description('One category, with all of its settings.').argument('<key>')).action(
    showCategory,
  )
  const update = categories
    .command('update')
    .description('Changes what is named, and nothing else. Its segment is called what the category is.')
    .argument('<key>')
    .option('--title <text>', 'what people read')
    .option('--clear <setting>', 'takes a setting back, named like its option; repeatable', collect)
  json(withSettings(update)).addHelpText('after', updateExamples).action(updateCategory)
  for (const { name, text, done } of states)
    categories
      .command(name)
      .description(text)
      .argument('<key>')
      .action((key: string) => changeState(key, name, done))
  json(
    categories
      .command('list')
      .description('Every active category.')
      .option('--resource <key>', 'of one resource')
      .option('--archived', 'those too that are archived'),
  ).action(listCategories)
  addCategoryContacts(categories)
}

const states = [
  { name: 'archive', text: 'Takes a category out of use until it is unarchived.', done: 'is archived' },
  { name: 'unarchive', text: 'Brings an archived category back.', done: 'is active' },
  {
    name: 'delete',
    text: 'Takes a category and its segment out of use for good. Its contacts stay.',
    done: 'is deleted; its key stays taken',
  },
] as const

interface CreateOptions extends ReadOptions, SettingOptions {
  resource: string
  key?: string
}

const createCategory = (title: string, { json, resource, key, ...options }: CreateOptions): Promise<void> =>
  withAddressee(async ({ categories }) => {
    const named = { title, resource, ...(key !== undefined && { key }) }
    const created = await categories.create({ ...settingsFrom(options), ...named })
    if (!created.created) notice(`Category ${created.key} exists already; nothing was changed.`)
    show(created, { ...(json && { json }) }, (category) => category.key)
  })

const showCategory = (key: string, options: ReadOptions): Promise<void> =>
  withAddressee(async ({ categories }) => show(await categories.get(key), options, settingDetails))

const updateCategory = (key: string, { json, ...options }: ReadOptions & SettingOptions): Promise<void> =>
  withAddressee(async ({ categories }) =>
    show(await categories.update(key, settingsFrom(options)), { ...(json && { json }) }, settingDetails),
  )

const changeState = (key: string, change: (typeof states)[number]['name'], done: string): Promise<void> =>
  withAddressee(async ({ categories }) => {
    await categories[change](key)
    notice(`Category ${key} ${done}.`)
  })

interface ListOptions extends ReadOptions {
  resource?: string
  archived?: true
}

const listCategories = ({ archived, resource, ...options }: ListOptions): Promise<void> =>
  withAddressee(async ({ categories }) => {
    const chosen = { includeArchived: archived === true, ...(resource !== undefined && { resource }) }
    show(await categories.list(chosen), options, categoryTable)
  })

const categoryTable = (categories: CategoryRow[]): string =>
  table(
    ['key', 'title', 'resource', 'consent', 'channels', 'subscribed'],
    categories.map(({ key, title, resource, consent, channels, subscribed, archivedAt }) => [
      key,
      archivedAt === null ? title : `${title} (archived)`,
      resource,
      consent,
      channels?.join(', ') ?? 'all',
      subscribed,
    ]),
  )
