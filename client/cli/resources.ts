import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { Refusal } from '../../domain/refusal.ts'
import type { NewResource, ResourceSettings } from '../../domain/resource-settings.ts'
import { notice, type ReadOptions, show, warn } from './output.ts'
import { withAddressee } from './session.ts'
import { table } from './table.ts'

interface CreateOptions
  extends ReadOptions,
    Pick<NewResource, 'key' | 'name' | 'fromName' | 'fromAddress' | 'replyTo' | 'listLabel' | 'listId'> {
  dkimDomain?: string
  dkimSelector?: string
  dkimKeyFile?: string
}

export function addResources(program: Command): void {
  const resources = program.command('resources').summary('on whose behalf messages go out')
  resources
    .command('create')
    .description('Creates a resource. A key that is taken is that resource, unchanged.')
    .requiredOption('--key <key>', 'what campaigns and categories name it by; immutable')
    .requiredOption('--name <name>', 'what people call it')
    .requiredOption('--from-name <name>', 'sender as recipients see it')
    .requiredOption('--from-address <address>', 'address of the sender')
    .option('--reply-to <address>', 'where answers go, when not to the sender')
    .requiredOption('--list-label <text>', 'what List-ID shows to people, such as "Acme News"')
    .requiredOption('--list-id <domain>', 'what List-ID identifies the list by, such as news.acme.example')
    .option('--dkim-domain <domain>', 'signs the mail, together with the two below')
    .option('--dkim-selector <name>', 'where receivers find the public key')
    .option('--dkim-key-file <file>', 'the private key, PEM: RSA of 2048 bits, or Ed25519')
    .option('--json', 'print the resource as JSON')
    .action(create)
  resources.command('list').description('Every resource.').option('--json', 'print as JSON').action(list)
}

async function create({ json, dkimDomain, dkimSelector, dkimKeyFile, ...rest }: CreateOptions): Promise<void> {
  const dkim = await readDkim({ domain: dkimDomain, selector: dkimSelector, keyFile: dkimKeyFile })
  await withAddressee(async ({ resources }) => {
    const { warnings, ...created } = await resources.create({ ...rest, ...(dkim && { dkim }) })
    warn(warnings)
    if (!created.created) notice(`Resource ${created.key} exists already; nothing was changed.`)
    show(created, { ...(json && { json }) }, ({ key }) => key)
  })
}

/** All three or none: two thirds of a signature would be none, unnoticed. */
async function readDkim(options: Record<'domain' | 'selector' | 'keyFile', string | undefined>) {
  const { domain, selector, keyFile } = options
  if (domain === undefined && selector === undefined && keyFile === undefined) return null
  if (domain !== undefined && selector !== undefined && keyFile !== undefined)
    return { domain, selector, privateKey: await readKey(keyFile) }
  throw new Refusal({
    field: 'dkim',
    rule: 'needs --dkim-domain, --dkim-selector and --dkim-key-file together',
    remedy: 'Give all three, or none to let the mail server sign.',
  })
}

const readKey = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Refusal({
      field: path,
      rule: `cannot be read (${error.code})`,
      remedy: 'Name the file of the private key.',
    })
  })

const list = (options: ReadOptions): Promise<void> =>
  withAddressee(async ({ resources }) => show(await resources.list(), options, resourceTable))

const resourceTable = (resources: ResourceSettings[]): string =>
  table(
    ['key', 'name', 'sender', 'list id', 'dkim'],
    resources.map(({ key, name, fromName, fromAddress, listId, dkimDomain }) => [
      key,
      name,
      `${fromName} <${fromAddress}>`,
      listId,
      dkimDomain,
    ]),
  )
