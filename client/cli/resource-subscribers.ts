import type { Command } from 'commander'
import type { Subscriber } from '../../db/resource-subscribers.ts'
import { wholeNumber } from './arguments.ts'
import { notice, print, type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { table } from './table.ts'

interface PageOptions extends ReadOptions {
  channel?: string
  cursor?: string
  limit?: number
}

interface PreferOptions {
  address?: string
  channel?: string
  priority?: number
}

const tokenHelp = `
The resource's own pages and server know it by its token: {resource_token} in the address of its unsubscribe page, and
"rtoken" in calls of the API. It is confidential.
`
const preferExamples = `
Campaigns of the resource go to the address of the highest priority there. Without a priority an address that is new to
the resource goes before the others, if the resource raises new addresses; those left out count as 0.

Examples:
  $ addressee resources prefer acme ada@example.com --priority 5
  $ addressee resources prefer acme 42 --address ada@work.example
`

/** Who subscribes to a resource, where it reaches them, and what it is known by elsewhere. */
export function addResourceSubscribers(resources: Command): void {
  resources
    .command('subscribers')
    .description('Everybody who said something about one of its categories, page by page.')
    .argument('<key>', 'the resource; a deleted one too')
    .option('--channel <name>', 'whose addresses to show; email when left out')
    .option('--limit <number>', 'at most so many, 1000 at most; 100 when left out', wholeNumber(1))
    .option('--cursor <cursor>', 'where to go on, as the page before said')
    .option('--json', 'print as JSON')
    .action(subscribers)
  resources
    .command('prefer')
    .description('Writes down that a contact gave an address to the resource, and which goes first.')
    .argument('<key>', 'the resource')
    .argument('<contact>', 'id, external id or e-mail address')
    .option('--address <address>', 'which of its addresses; the one it was named by, or its first, when left out')
    .option('--channel <name>', 'email when left out')
    .option('--priority <number>', 'from -10000 to 10000; the others are left alone', Number)
    .addHelpText('after', preferExamples)
    .action(prefer)
  resources
    .command('token')
    .description('The token of a resource.')
    .argument('<key>', 'the resource')
    .option('--rotate', 'make a new one; the old one is worth nothing from then on')
    .option('--json', 'print as JSON')
    .addHelpText('after', tokenHelp)
    .action(token)
}

const subscribers = (key: string, { json, ...page }: PageOptions): Promise<void> =>
  withAddressee(async ({ resources }) => {
    const found = await resources.subscribers(key, page)
    if (json) return show(found, { json }, String)
    print(subscriberTable(found.subscribers))
    if (found.next !== null) notice(`There are more: --cursor ${found.next}`)
  })

const subscriberTable = (rows: Subscriber[]): string =>
  table(
    ['contact', 'external id', 'address', 'category', 'status', 'since'],
    rows.map((row) => [row.contactId, row.externalId, row.address, row.category, row.status, row.since.toISOString()]),
  )

const prefer = (resource: string, contact: string, { priority, ...where }: PreferOptions): Promise<void> =>
  withAddressee(async ({ resources }) => {
    await resources.addAddress({ resource, contact, ...where }, priority)
    notice(`Resource ${resource} knows the address now.`)
  })

const token = (key: string, { rotate, ...options }: ReadOptions & { rotate?: true }): Promise<void> =>
  withAddressee(async ({ resources }) => {
    const token = rotate ? await resources.rotateToken(key) : await resources.token(key)
    show({ key, token }, options, (shown) => shown.token)
  })
