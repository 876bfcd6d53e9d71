import { type Command, Option } from 'commander'
import type { Delivery } from '../webhooks.ts'
import { wholeNumber } from './arguments.ts'
import { showInstant } from './instant.ts'
import { notice, type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { table } from './table.ts'

interface DeliveriesOptions extends ReadOptions {
  state?: Delivery['state']
  before?: string
  limit: number
}

interface ReplayOptions {
  since?: string
  event?: string
}

/** What became of events at a webhook, and how to have them once more. */
export function addDeliveries(webhooks: Command): void {
  webhooks
    .command('deliveries')
    .description('What became of the events of a webhook, the latest first.')
    .argument('<id>', 'id of the webhook')
    .addOption(new Option('--state <state>', 'only those').choices(['pending', 'delivered', 'failed']))
    .option('--before <event>', 'only events older than this one')
    .option('--limit <number>', 'how many at most', wholeNumber(1), 50)
    .option('--json', 'print as JSON')
    .action(deliveries)
  webhooks
    .command('replay')
    .description('Posts events once more, under the ids that they had: since an instant, or one.')
    .argument('<id>', 'id of the webhook')
    .option('--since <time>', 'ISO 8601 with an offset, such as 2030-01-31T09:00:00+01:00')
    .option('--event <id>', 'one event')
    .action(replay)
}

const deliveries = (id: string, { json, ...page }: DeliveriesOptions): Promise<void> =>
  withAddressee(async ({ webhooks }) =>
    show(await webhooks.deliveries(id, page), { ...(json && { json }) }, deliveryTable),
  )

const replay = (id: string, options: ReplayOptions): Promise<void> =>
  withAddressee(async ({ webhooks }) => {
    const { replayed } = await webhooks.replay(id, options as { since: string })
    notice(`${replayed} events are posted to webhook ${id} once more.`)
  })

const deliveryTable = (rows: Delivery[]): string =>
  table(
    ['event', 'kind', 'happened', 'state', 'attempts', 'next try', 'latest error'],
    rows.map(({ eventId, kind, at, state, attempts, nextAt, lastError }) => [
      eventId,
      kind,
      at,
      state,
      attempts,
      showInstant(nextAt),
      lastError,
    ]),
  )
