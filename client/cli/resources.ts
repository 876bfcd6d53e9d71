import type { Command } from 'commander'
import type { NewResource, ResourceSettings } from '../../domain/resource-settings.ts'
import { collect } from './arguments.ts'
import { notice, type ReadOptions, show, warn } from './output.ts'
import { type SettingOptions, settingsFrom, withSettings } from './resource-options.ts'
import { addResourceSubscribers } from './resource-subscribers.ts'
import { withAddressee } from './session.ts'
import { settingDetails } from './setting-details.ts'
import { table } from './table.ts'

const createExamples = `
Examples:
  $ addressee resources create --key acme --name Acme --from-name Acme --from-address news@acme.example \\
      --list-label "Acme News" --list-id news.acme.example
  $ addressee resources create … --unsubscribe-mode delayed --unsubscribe-timer 600 \\
      --unsubscribe-page-url "https://acme.example/bye?smid={send_message_id}"
  $ addressee resources create … --frequency 3/7d --channel email --channel 'sms={"callerId":"ACME"}'
`
const updateExamples = `
Examples:
  $ addressee resources update acme --colour "#aa00ff" --reply-to help@acme.example
  $ addressee resources update acme --unsubscribe-mode instant --clear unsubscribe-page-url --clear dkim
`

export function addResources(program: Command): void {
  const resources = program.command('resources').summary('on whose behalf messages go out')
  const json = (command: Command) => command.option('--json', 'print as JSON')
  const create = resources
    .command('create')
    .description('Creates a resource. A key that is taken is that resource, unchanged.')
    .requiredOption('--key <key>', 'what campaigns and categories name it by; immutable')
  json(withSettings(create, { isNew: true }))
    .addHelpText('after', createExamples)
    .action(createResource)
  json(resources.command('show').description('One resource, with all of its settings.').argument('<key>')).action(
    showResource,
  )
  const update = resources
    .command('update')
    .description('Changes what is named, and nothing else.')
    .argument('<key>')
    .option('--clear <setting>', 'takes a setting back, named like its option; repeatable', collect)
  json(withSettings(update, { isNew: false }))
    .addHelpText('after', updateExamples)
    .action(updateResource)
  const clone = resources
    .command('clone')
    .description(
      'Makes another with the same settings, channels, custom fields and active categories, and nobody in it.',
    )
    .argument('<key>', 'which')
    .argument('<newKey>', 'the key of the clone')
    .option('--name <name>', 'what people call it; the same when left out')
  json(clone).action(cloneResource)
  resources
    .command('delete')
    .description('Takes a resource and its categories out of use for good. Its subscribers stay as history.')
    .argument('<key>')
    .action(deleteResource)
  json(
    resources.command('list').description('Every resource in use.').option('--deleted', 'those too that were deleted'),
  ).action(listResources)
  addResourceSubscribers(resources)
}

type CreateOptions = ReadOptions & SettingOptions & Pick<NewResource, 'key'>

async function createResource({ json, key, ...options }: CreateOptions): Promise<void> {
  const settings = await settingsFrom(options)
  await withAddressee(async ({ resources }) => {
    const { warnings, ...created } = await resources.create({ key, ...settings } as NewResource)
    warn(warnings)
    if (!created.created) notice(`Resource ${created.key} exists already; nothing was changed.`)
    show(created, { ...(json && { json }) }, (resource) => resource.key)
  })
}

const showResource = (key: string, options: ReadOptions): Promise<void> =>
  withAddressee(async ({ resources }) => show(await resources.get(key), options, settingDetails))

async function updateResource(key: string, { json, ...options }: ReadOptions & SettingOptions): Promise<void> {
  const patch = await settingsFrom(options)
  await withAddressee(async ({ resources }) => {
    const { warnings, ...updated } = await resources.update(key, patch)
    warn(warnings)
    show(updated, { ...(json && { json }) }, settingDetails)
  })
}

const cloneResource = (key: string, newKey: string, { json, name }: ReadOptions & { name?: string }): Promise<void> =>
  withAddressee(async ({ resources }) => {
    const { warnings, ...clone } = await resources.clone(key, { key: newKey, ...(name !== undefined && { name }) })
    warn(warnings)
    show(clone, { ...(json && { json }) }, (resource) => resource.key)
  })

const deleteResource = (key: string): Promise<void> =>
  withAddressee(async ({ resources }) => {
    await resources.delete(key)
    notice(`Resource ${key} is deleted. Its key stays taken.`)
  })

const listResources = ({ deleted = false, ...options }: ReadOptions & { deleted?: boolean }): Promise<void> =>
  withAddressee(async ({ resources }) =>
    show(await resources.list({ includeDeleted: deleted }), options, resourceTable),
  )

const resourceTable = (resources: ResourceSettings[]): string =>
  table(
    ['key', 'name', 'sender', 'list id', 'dkim', 'unsubscribing'],
    resources.map((each) => [
      each.key,
      each.deletedAt === null ? each.name : `${each.name} (deleted)`,
      `${each.fromName} <${each.fromAddress}>`,
      each.listId,
      each.dkimDomain,
      each.unsubscribeMode,
    ]),
  )
