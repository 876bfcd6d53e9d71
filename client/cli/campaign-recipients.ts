import { type Command, Option } from 'commander'
import type { RecipientRow } from '../../db/ledger.ts'
import { type Fate, fates } from '../../domain/fate.ts'
import { wholeNumber } from './arguments.ts'
import { showInstant } from './instant.ts'
import { notice, type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { table } from './table.ts'

interface RecipientsOptions extends ReadOptions {
  state?: Fate
  limit: number
  after: number
}

export function addRecipients(campaigns: Command): void {
  campaigns
    .command('recipients')
    .description('The ledger: each recipient and what became of it, in order.')
    .argument('<campaign>', 'key or id')
    .addOption(new Option('--state <fate>', 'only those').choices(fates))
    .option('--limit <number>', 'how many at most', wholeNumber(1), 100)
    .option('--after <seq>', 'go on after this one', wholeNumber(0), 0)
    .option('--json', 'print as JSON')
    .action(recipients)
}

const recipients = (campaign: string, { json, ...page }: RecipientsOptions): Promise<void> =>
  withAddressee(async ({ campaigns }) => {
    const rows = await campaigns.recipients(campaign, page)
    show(rows, { ...(json && { json }) }, recipientTable)
    if (rows.length === page.limit) notice(`There may be more: --after ${rows.at(-1)?.seq}`)
  })

const recipientTable = (rows: RecipientRow[]): string =>
  table(
    ['seq', 'contact', 'address', 'state', 'reason', 'code', 'attempts', 'settled'],
    rows.map(({ seq, contactId, address, state, reason, code, attempts, settledAt }) => [
      seq,
      contactId,
      address,
      state,
      reason,
      code,
      attempts,
      showInstant(settledAt),
    ]),
  )
