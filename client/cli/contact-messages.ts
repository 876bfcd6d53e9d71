import type { Command } from 'commander'
import type { ContactMessage } from '../contacts.ts'
import { wholeNumber } from './arguments.ts'
import { showInstant } from './instant.ts'
import { type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { contactArgument } from './subscriptions.ts'
import { table } from './table.ts'

interface PageOptions extends ReadOptions {
  before?: string
  limit?: number
}

export function addContactMessages(contacts: Command): void {
  contacts
    .command('messages')
    .description('What campaigns did for a contact, the latest first, as long as their ledgers are kept.')
    .argument('<contact>', contactArgument)
    .option('--limit <number>', 'at most so many; 50 when left out', wholeNumber(1))
    .option('--before <id>', 'of campaigns before this one, to go on')
    .option('--json', 'print as JSON')
    .action((name: string, { json, ...page }: PageOptions) =>
      withAddressee(async ({ contacts }) =>
        show(await contacts.messages({ name }, page), json ? { json } : {}, messageTable),
      ),
    )
}

const messageTable = (messages: ContactMessage[]): string =>
  table(
    ['campaign', 'id', 'resource', 'address', 'state', 'reason', 'when'],
    messages.map(({ campaign, campaignId, resource, address, state, reason, settledAt }) => [
      campaign,
      campaignId,
      resource,
      address,
      state,
      reason,
      settledAt && showInstant(settledAt),
    ]),
  )
