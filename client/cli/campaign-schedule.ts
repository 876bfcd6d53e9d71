import type { Command } from 'commander'
import {
  type CampaignDefinition,
  checkDefinition,
  refusePastHour,
  warningsOf,
} from '../../domain/campaign-definition.ts'
import { Refusal } from '../../domain/refusal.ts'
import type { Addressee } from '../addressee.ts'
import type { Campaigns } from '../campaigns.ts'
import { loadMessageFolder } from '../message-folder.ts'
import { addDefinitionOptions, type DefinitionOptions, definitionOf } from './campaign-definition.ts'
import { campaignDetails, campaignReport, funnelTable } from './campaign-report.ts'
import { watchCampaign } from './campaign-watch.ts'
import { notice, type ReadOptions, show, warn } from './output.ts'
import { withAddressee } from './session.ts'

interface ScheduleOptions extends DefinitionOptions, ReadOptions {
  message: string
  dryRun?: true
  watch?: true
}

const footer = `
Without a segment every subscriber of the categories is meant; without a category everyone of the segments.
Repeating the command is harmless: a key that is taken is that campaign, unchanged. When Temporal did not answer
the first time, the second starts it.

Examples:
  $ addressee campaigns schedule --key spring --resource acme --category news --message spring/ --default-language en \\
      --send-at 2030-03-01T09:00:00+01:00
  $ addressee campaigns schedule --key spring --resource acme --category news --message spring/ --now --dry-run
`

export function addSchedule(campaigns: Command): void {
  const command = campaigns.command('schedule').description('Records a campaign and starts its workflow.')
  addDefinitionOptions(command, { required: true })
    .option('--dry-run', 'check everything and show the funnel; nothing is recorded')
    .option('--watch', 'follow it to its end (Ctrl-C ends the watching, not the campaign)')
    .option('--json', 'print as JSON')
    .addHelpText('after', footer)
    .action(schedule)
}

async function schedule(options: ScheduleOptions): Promise<void> {
  const definition = definitionOf(options, await loadMessageFolder(options.message))
  await withAddressee((addressee) =>
    options.dryRun ? tryOut(addressee, definition, options) : record(addressee, definition, options),
  )
}

async function record(
  { campaigns }: Addressee,
  definition: CampaignDefinition,
  options: ScheduleOptions,
): Promise<void> {
  const { warnings, ...scheduled } = await campaigns.schedule(definition)
  warn(warnings)
  if (!scheduled.created) sayExists(scheduled.key)
  if (options.watch) show(await watchCampaign(campaigns, scheduled.id), options, campaignReport)
  else show(scheduled, options, campaignDetails)
}

async function tryOut({ campaigns }: Addressee, definition: CampaignDefinition, options: ReadOptions): Promise<void> {
  const checked = checkDefinition(definition)
  const exists = await isTaken(campaigns, checked.key)
  if (!exists) refusePastHour(checked, new Date())
  const preview = await campaigns.preview(definition)
  warn(warningsOf(checked))
  if (exists) sayExists(checked.key)
  notice('Dry run: nothing was recorded.')
  show(preview, options, ({ funnel }) => funnelTable(funnel))
}

const sayExists = (key: string): void => notice(`Campaign ${key} exists already; nothing was changed.`)

/** By its key alone: `get` would also find a campaign whose id looks like it. */
const isTaken = (campaigns: Campaigns, key: string): Promise<boolean> =>
  campaigns.get(key).then(
    (found) => found.key === key,
    (error: unknown) => {
      if (error instanceof Refusal) return false
      throw error
    },
  )
