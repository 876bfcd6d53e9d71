import { Command } from 'commander'
import { version } from '../version.ts'
import { addApiKeys } from './api-keys.ts'
import { addCampaigns } from './campaigns.ts'
import { addCategories } from './categories.ts'
import { addConsent } from './consent.ts'
import { addContacts } from './contacts.ts'
import { addFields } from './fields.ts'
import { addLimits } from './limits.ts'
import { addMigrate } from './migrate.ts'
import { addOptOuts } from './opt-outs.ts'
import { addProcesses } from './processes.ts'
import { addResources } from './resources.ts'
import { addSegments } from './segments.ts'
import { addSubscriptions } from './subscriptions.ts'
import { addSuppressions } from './suppressions.ts'
import { addUnsubscribes } from './unsubscribes.ts'
import { addWebhooks } from './webhooks.ts'

const footer = `
Settings come from the environment and from .env in the working directory. Data goes to standard output,
everything else to standard error; --json prints data for programs.

Exit codes:
  0   done
  1   refused: the input breaks a rule, which the message names; nothing was changed
  64  the command line or the configuration is wrong
  69  PostgreSQL, Temporal or the mail server does not answer: repeat the command later
  70  unexpected: --debug shows where

Examples:
  $ addressee up
  $ addressee contacts import customers.csv --source shop --errors rejected.csv
  $ addressee campaigns schedule --key spring --resource acme --category news --message spring/ --now --watch
  $ addressee campaigns explain spring ada@example.com
`

/** The whole command line. Parsing throws what `endingOf` understands. */
export function createProgram(): Command {
  const program = new Command('addressee')
    .description('Sends campaigns to exactly the people who asked for them, and proves who that was.')
    .version(version(), '--version', 'print the version')
    .option('--debug', 'show where an unexpected error comes from')
    .exitOverride()
    .showHelpAfterError('(--help shows what there is)')
    .addHelpText('after', footer)
  addProcesses(program)
  addMigrate(program)
  addResources(program)
  addCategories(program)
  addFields(program)
  addSegments(program)
  addContacts(program)
  addConsent(program)
  addCampaigns(program)
  addLimits(program)
  addWebhooks(program)
  addUnsubscribes(program)
  addSubscriptions(program)
  addOptOuts(program)
  addSuppressions(program)
  addApiKeys(program)
  return program
}
