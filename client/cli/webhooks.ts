import { type Command, Option } from 'commander'
import { type EventKind, eventKinds } from '../../domain/event-kind.ts'
import type { NewWebhook, Webhook, Webhooks, WebhookWithSecret } from '../webhooks.ts'
import { collect } from './arguments.ts'
import { notice, type ReadOptions, show, warn } from './output.ts'
import { withAddressee } from './session.ts'
import { table } from './table.ts'
import { addDeliveries } from './webhook-deliveries.ts'

interface SettingsOptions extends ReadOptions, Omit<NewWebhook, 'url' | 'kinds'> {
  url?: string
  kind?: EventKind[]
}

const footer = `
Kinds of events:
  ${eventKinds.join('\n  ')}
Those of recipients are posted only to webhooks that name them: a campaign makes one for each recipient.

Messages are signed as https://www.standardwebhooks.com says. One may come twice, with the same webhook-id.
`

export function addWebhooks(program: Command): void {
  const webhooks = program
    .command('webhooks')
    .summary('where other systems are told what has happened')
    .description('Posts events to other systems: signed, in the order of each contact, for days until they are taken.')
  addSettings(webhooks.command('create'))
    .description('Creates a webhook and prints its secret, which is not shown again.')
    .argument('<url>', 'where events are posted to; https')
    .addHelpText('after', footer)
    .action(create)
  webhooks.command('list').description('Every webhook.').option('--json', 'print as JSON').action(list)
  addSettings(webhooks.command('update'))
    .description('Changes what is given and leaves the rest.')
    .argument('<id>', 'id of the webhook')
    .option('--url <url>', 'where events are posted to; https')
    .addHelpText('after', footer)
    .action(update)
  addCommand(
    webhooks,
    'disable',
    'Posts nothing more, until it is enabled again. What waits is kept.',
    (all, id, { reason }) => all.disable(id, reason === undefined ? {} : { reason }),
  ).option('--reason <text>', 'why; kept with the webhook')
  addCommand(
    webhooks,
    'enable',
    'Goes on with what waits, and starts the workflow if it does not run.',
    async (all, id) => {
      const { warnings, ...webhook } = await all.enable(id)
      warn(warnings)
      return webhook
    },
  )
  addCommand(webhooks, 'delete', 'Removes a webhook, with what waits for it.', (all, id) => all.delete(id))
  addCommand(webhooks, 'rotate-secret', 'Prints a new secret. For a day the old one signs as well.', (all, id) =>
    all.rotateSecret(id),
  )
  addDeliveries(webhooks)
}

const addSettings = (command: Command): Command =>
  command
    .addOption(
      new Option('--kind <kind>', 'kind of events; repeatable; all but those of recipients').argParser(collect),
    )
    .option('--resource <key>', 'only events of this resource')
    .option('--access-group <name>', 'only events of resources of this access group')
    .option('--description <text>', 'what it is for')
    .option('--json', 'print the webhook as JSON')

type Act = (all: Webhooks, id: string, options: { reason?: string }) => Promise<Webhook & { secret?: string }>

const addCommand = (webhooks: Command, name: string, description: string, act: Act): Command =>
  webhooks
    .command(name)
    .description(description)
    .argument('<id>', 'id of the webhook')
    .option('--json', 'print the webhook as JSON')
    .action((id: string, { json, ...options }: ReadOptions & { reason?: string }) =>
      withAddressee(async ({ webhooks }) =>
        show(await act(webhooks, id, options), { ...(json && { json }) }, withSecret),
      ),
    )

const create = (url: string, { json, kind, ...rest }: SettingsOptions): Promise<void> =>
  withAddressee(async ({ webhooks }) => {
    const { warnings, ...created } = await webhooks.create({ ...rest, url, ...(kind && { kinds: kind }) })
    warn(warnings)
    show(created, { ...(json && { json }) }, withSecret)
    if (json !== true) notice('Keep the secret: it is not shown again.')
  })

const update = (id: string, { json, kind, ...rest }: SettingsOptions): Promise<void> =>
  withAddressee(async ({ webhooks }) => {
    const updated = await webhooks.update(id, { ...rest, ...(kind && { kinds: kind }) })
    show(updated, { ...(json && { json }) }, (webhook) => webhookTable([webhook]))
  })

const list = (options: ReadOptions): Promise<void> =>
  withAddressee(async ({ webhooks }) => show(await webhooks.list(), options, webhookTable))

const withSecret = (webhook: Webhook & Partial<Pick<WebhookWithSecret, 'secret'>>): string =>
  [webhookTable([webhook]), ...(webhook.secret === undefined ? [] : [`secret  ${webhook.secret}`])].join('\n')

const webhookTable = (webhooks: Webhook[]): string =>
  table(
    ['id', 'url', 'kinds', 'resource', 'group', 'state', 'what for'],
    webhooks.map(({ id, url, kinds, resource, accessGroup, disabledAt, disabledReason, description, isCalledUrl }) => [
      id,
      url,
      kinds?.join(', ') ?? 'all but recipients',
      resource,
      accessGroup,
      disabledAt === null ? 'enabled' : `disabled: ${disabledReason}`,
      isCalledUrl ? 'called URL' : description,
    ]),
  )
