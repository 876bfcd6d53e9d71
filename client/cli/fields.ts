import { type Command, Option } from 'commander'
import { type CustomField, type CustomFieldType, customFieldTypes, type FieldPatch } from '../../domain/custom-field.ts'
import { collect } from './arguments.ts'
import { readFieldValue, readFieldValues } from './field-values.ts'
import { notice, type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { settingDetails } from './setting-details.ts'
import { cleared } from './setting-values.ts'
import { table } from './table.ts'

const examples = `
Templates name a field as {{ subscription.<key> }}.

Examples:
  $ addressee fields define acme shoe_size --name "Shoe size" --type integer --default 42
  $ addressee fields set acme ada@example.com shoe_size=38
  $ addressee fields update acme shoe_size --required --clear default
`

interface On {
  channel?: string
}

export function addFields(program: Command): void {
  const fields = program.command('fields').summary('what subscriptions carry besides their state')
  fields.addHelpText('after', examples)
  const add = (name: string, text: string) =>
    fields.command(name).description(text).argument('<resource>', 'key of the resource')
  const on = (command: Command) =>
    command.option('--channel <name>', 'channel of the subscription; email when left out')
  const json = (command: Command) => on(command).option('--json', 'print as JSON')

  json(withProperties(add('define', 'Defines a field. A key that is taken by one of the same type is that field.')))
    .argument('<key>', 'Latin letters, digits and underscores; immutable')
    .requiredOption('--name <name>', 'what people read')
    .addOption(new Option('--type <type>', 'immutable').choices(customFieldTypes).makeOptionMandatory())
    .action(define)
  json(withProperties(add('update', 'Changes what is named, and nothing else. Values that stand are left alone.')))
    .argument('<key>', 'the field')
    .option('--name <name>', 'what people read')
    .option('--clear <property>', 'default; repeatable', collect)
    .action(update)
  on(add('delete', 'Removes a field with all of its values.')).argument('<key>', 'the field').action(remove)
  json(add('list', 'The fields of a resource, in the order in which they were defined.')).action(list)
  json(add('set', 'Sets fields of one subscription; an empty value clears.'))
    .argument('<contact>', 'id, external id or e-mail address')
    .argument('<key=value...>', 'what to set')
    .option('--address <address>', 'which of its addresses; the one it was named by, or its first, when left out')
    .action(set)
}

const withProperties = (command: Command): Command =>
  command
    .option('--default <value>', 'used where no value is given')
    .option('--required', 'a value must be given')
    .option('--no-required', 'no value need be given (default)')
    .option('--listed', 'shown on the preference page')
    .option('--no-listed', 'not shown there (default)')

interface PropertyOptions extends On, ReadOptions {
  name?: string
  default?: string
  required?: boolean
  listed?: boolean
  clear?: string[]
}

/** A default is written as its type has it. */
const patchFrom = (options: PropertyOptions, type: CustomFieldType): FieldPatch => ({
  ...(options.name !== undefined && { name: options.name }),
  ...(options.default !== undefined && { defaultValue: readFieldValue(type, options.default) }),
  ...(options.required !== undefined && { isRequired: options.required }),
  ...(options.listed !== undefined && { isListed: options.listed }),
  ...cleared(options.clear, { default: 'defaultValue' }),
})

const onlyChannel = ({ channel }: On): On => (channel === undefined ? {} : { channel })
const onlyJson = ({ json }: ReadOptions): ReadOptions => (json === undefined ? {} : { json })

type DefineOptions = PropertyOptions & { name: string; type: CustomFieldType }

const define = (resource: string, key: string, options: DefineOptions): Promise<void> =>
  withAddressee(async ({ fields }) => {
    const { name, type } = options
    const field = { ...patchFrom(options, type), ...onlyChannel(options), key, name, type }
    const defined = await fields.define(resource, field)
    if (!defined.created) notice(`Field ${key} exists already; nothing was changed.`)
    show(defined, onlyJson(options), (shown) => shown.key)
  })

const update = (resource: string, key: string, options: PropertyOptions): Promise<void> =>
  withAddressee(async ({ fields }) => {
    const on = onlyChannel(options)
    const stands = (await fields.list(resource, { channel: 'email', ...on })).find((field) => field.key === key)
    // One that there is not is refused, whatever its default would be.
    const patch = patchFrom(options, stands?.type ?? 'line')
    show(await fields.update(resource, key, patch, on), onlyJson(options), settingDetails)
  })

const remove = (resource: string, key: string, options: On): Promise<void> =>
  withAddressee(async ({ fields }) => {
    await fields.delete(resource, key, options)
    notice(`Field ${key} of ${resource} is deleted, with all of its values.`)
  })

const list = (resource: string, options: On & ReadOptions): Promise<void> =>
  withAddressee(async ({ fields }) =>
    show(await fields.list(resource, onlyChannel(options)), onlyJson(options), fieldTable),
  )

const fieldTable = (fields: CustomField[]): string =>
  table(
    ['key', 'name', 'channel', 'type', 'default', 'required', 'listed'],
    fields.map(({ key, name, channel, type, defaultValue, isRequired, isListed }) => [
      key,
      name,
      channel,
      type,
      defaultValue === null ? null : String(defaultValue),
      isRequired ? 'yes' : 'no',
      isListed ? 'yes' : 'no',
    ]),
  )

type SetOptions = On & ReadOptions & { address?: string }

const set = (resource: string, contact: string, written: string[], options: SetOptions): Promise<void> =>
  withAddressee(async ({ fields }) => {
    const { json: _json, ...where } = options
    const known = await fields.list(resource, { channel: 'email', ...onlyChannel(options) })
    const values = readFieldValues(known, written)
    show(await fields.set({ resource, contact, ...where }, values), onlyJson(options), settingDetails)
  })
