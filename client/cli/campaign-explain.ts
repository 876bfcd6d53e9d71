import { styleText } from 'node:util'
import type { Command } from 'commander'
import type { Explanation } from '../../db/explain.ts'
import { consentTable } from './consent-table.ts'
import { showInstant } from './instant.ts'
import { type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'

const footer = `
The verdict is as of now; the ledger says what the campaign did when it was sent.

Example:
  $ addressee campaigns explain spring ada@example.com
`

export function addExplain(campaigns: Command): void {
  campaigns
    .command('explain')
    .description('Why a contact is in the audience of a campaign, or is not, rule by rule.')
    .argument('<campaign>', 'key or id')
    .argument('<contact>', 'e-mail address, external id or id')
    .option('--json', 'print as JSON')
    .addHelpText('after', footer)
    .action(explain)
}

const explain = (campaign: string, contact: string, options: ReadOptions): Promise<void> =>
  withAddressee(async ({ campaigns }) =>
    show(await campaigns.explain(campaign, contact), options, (explanations) => explanations.map(verdict).join('\n\n')),
  )

function verdict({ contactId, reason, rules, recipient, consents }: Explanation): string {
  const result = reason === null ? 'belongs to the audience' : `does not belong to the audience: ${reason}`
  const lines = rules.map(({ number, text, holds }) => `  ${mark(holds)} ${number}. ${text}`)
  const consent = consents.length === 0 ? [] : [consentTable(consents)]
  return [`contact ${contactId} ${result}`, ...lines, ...consent, ledgerLine(recipient)].join('\n')
}

function mark(holds: boolean): string {
  if (!process.stdout.isTTY) return holds ? 'yes' : 'no '
  return holds ? styleText('green', '✓') : styleText('red', '✗')
}

function ledgerLine(recipient: Explanation['recipient']): string {
  if (recipient === null) return 'ledger: not a recipient'
  const { seq, state, reason, settledAt } = recipient
  const why = reason === null ? '' : ` (${reason})`
  return `ledger: recipient ${seq}, ${state}${why}${settledAt === null ? '' : `, ${showInstant(settledAt)}`}`
}
