import { type Command, InvalidArgumentError } from 'commander'
import { type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'

interface SaveOptions extends ReadOptions {
  externalId?: string
  firstName?: string
  lastName?: string
  language?: string
  timeZone?: string
  attribute?: Record<string, string>
}

const examples = `
Example:
  $ addressee contacts save ada@example.com --external-id shop-7 --first-name Ada --attribute city=London
`

export function addContactSave(contacts: Command): void {
  contacts
    .command('save')
    .description(
      'Creates a contact, or completes the one that has the external id, else the earliest that has the address.',
    )
    .argument('<email>', 'its e-mail address')
    .option('--external-id <id>', 'what the application knows it by')
    .option('--first-name <name>', 'as templates greet them')
    .option('--last-name <name>')
    .option('--language <tag>', 'such as de or en-GB')
    .option('--time-zone <name>', 'such as Europe/Kyiv')
    .option('--attribute <name=value>', 'anything else; repeatable', attribute)
    .option('--json', 'print as JSON')
    .addHelpText('after', examples)
    .action(save)
}

function attribute(written: string, previous: Record<string, string> = {}): Record<string, string> {
  const at = written.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Write it as name=value.')
  return { ...previous, [written.slice(0, at)]: written.slice(at + 1) }
}

const save = (email: string, { json, attribute, ...fields }: SaveOptions): Promise<void> =>
  withAddressee(async ({ contacts }) => {
    const saved = await contacts.save({ email, ...fields, attributes: attribute })
    show(saved, json ? { json } : {}, ({ id, created }) => `Contact ${id} ${created ? 'created' : 'completed'}.`)
  })
