import type { Command } from 'commander'
import type { Erasure } from '../../db/erase-contact.ts'
import { type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { details } from './table.ts'

interface EraseOptions extends ReadOptions {
  by: string
}

const footer = `
Gone are the contact, its addresses, subscriptions, opt-outs and memberships, and its address in the ledgers of
campaigns. Kept are the history of consent, which is the proof, and, by a key of the address that tells nobody the
address, what was refused and suppressed. It cannot be undone: export first what the person asked for.

Example:
  $ addressee contacts erase ada@example.com --by "request 2030-17"
`

export function addErase(contacts: Command): void {
  contacts
    .command('erase')
    .description('Removes a person for good, and keeps the proof and every refusal.')
    .argument('<contact>', 'e-mail address, external id or id')
    .requiredOption('--by <who>', 'who does it, or at which request; kept with the proof')
    .option('--json', 'print as JSON')
    .addHelpText('after', footer)
    .action(erase)
}

const erase = (contact: string, { by, ...options }: EraseOptions): Promise<void> =>
  withAddressee(async ({ contacts }) => show(await contacts.erase(contact, { by }), options, erasureTable))

const erasureTable = ({ contactId, addresses, refusalsKept, recipients }: Erasure): string =>
  details([
    ['erased contact', contactId],
    ['addresses', addresses],
    ['rows of ledgers', recipients],
    ['further refusals kept', refusalsKept],
  ])
