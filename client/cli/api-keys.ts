import { type Command, Option } from 'commander'
import { type ApiScope, apiScopes } from '../../domain/api-key.ts'
import type { ApiKey, CreatedApiKey } from '../api-keys.ts'
import { wholeNumber } from './arguments.ts'
import { showInstant } from './instant.ts'
import { notice, type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { table } from './table.ts'
import { userName } from './user-name.ts'

interface CreateOptions extends ReadOptions {
  scope: ApiScope[]
  accessGroup?: string
  perSecond?: number
  by: string
}

const examples = `
Scopes:
  read                 look at everything that the key sees
  subscriptions:write  contacts, and what they agree to or refuse
  campaigns:write      schedule and steer campaigns
  admin                all of these, and resources and categories

Examples:
  $ addressee api-keys create shop --scope subscriptions:write
  $ addressee api-keys create agency --scope read campaigns:write --access-group agency
`

export function addApiKeys(program: Command): void {
  const keys = program.command('api-keys').summary('who may use the HTTP APIs')
  keys
    .command('create')
    .description('Creates a key and prints it. It is stored hashed: nobody can show it again.')
    .argument('<name>', 'whose it is; the history of consent names it')
    .addOption(new Option('--scope <scope...>', 'what it may do').choices(apiScopes).makeOptionMandatory())
    .option('--access-group <group>', 'sees only the resources of this group, and what belongs to them')
    .option('--per-second <number>', 'requests a second, in each process; 50 when left out', wholeNumber(1))
    .option('--by <name>', 'who', userName())
    .option('--json', 'print the key with everything about it as JSON')
    .addHelpText('after', examples)
    .action(create)
  keys.command('list').description('Every key, the latest first.').option('--json', 'print as JSON').action(list)
  keys
    .command('revoke')
    .description('Ends a key: requests that come from now on are refused.')
    .argument('<name>', 'which')
    .action(revoke)
}

const create = (name: string, { json, scope, accessGroup, perSecond, by }: CreateOptions): Promise<void> =>
  withAddressee(async ({ apiKeys }) => {
    const wanted = {
      name,
      scopes: scope,
      ...(accessGroup !== undefined && { accessGroup }),
      ...(perSecond !== undefined && { requestsPerSecond: perSecond }),
    }
    const created = await apiKeys.create(wanted, { by })
    notice('Keep it: it is not stored in a form that can be shown again.')
    show<CreatedApiKey>(created, { ...(json && { json }) }, ({ key }) => key)
  })

const list = (options: ReadOptions): Promise<void> =>
  withAddressee(async ({ apiKeys }) => show(await apiKeys.list(), options, keyTable))

const revoke = (name: string): Promise<void> =>
  withAddressee(async ({ apiKeys }) => {
    await apiKeys.revoke(name)
    notice(`The key ${name} is revoked.`)
  })

const keyTable = (keys: ApiKey[]): string =>
  table(
    ['name', 'scopes', 'access group', 'a second', 'created by', 'last used', 'revoked'],
    keys.map((key) => [
      key.name,
      key.scopes.join(', '),
      key.accessGroup,
      key.requestsPerSecond,
      key.createdBy,
      key.lastUsedAt && showInstant(key.lastUsedAt),
      key.revokedAt && showInstant(key.revokedAt),
    ]),
  )
