import type { Command } from 'commander'
import type { Campaign } from '../campaigns.ts'
import { wholeNumber } from './arguments.ts'
import { addCampaignCommands } from './campaign-commands.ts'
import { addExplain } from './campaign-explain.ts'
import { addPreview } from './campaign-preview.ts'
import { addRecipients } from './campaign-recipients.ts'
import { campaignReport } from './campaign-report.ts'
import { addSchedule } from './campaign-schedule.ts'
import { addSettle } from './campaign-settle.ts'
import { showInstant } from './instant.ts'
import { type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { table } from './table.ts'

export function addCampaigns(program: Command): void {
  const campaigns = program
    .command('campaigns')
    .summary('schedule, watch, steer and explain them')
    .description('Schedule, watch, steer and explain campaigns. A campaign is named by its key or its id.')
  addSchedule(campaigns)
  campaigns
    .command('list')
    .description('The latest campaigns first.')
    .option('--limit <number>', 'how many at most', wholeNumber(1), 50)
    .option('--json', 'print as JSON')
    .action(list)
  campaigns
    .command('show')
    .description('Everything about a campaign: its state, its funnel, and what became of its recipients.')
    .argument('<campaign>', 'key or id')
    .option('--json', 'print as JSON')
    .action(showCampaign)
  addPreview(campaigns)
  addExplain(campaigns)
  addRecipients(campaigns)
  addCampaignCommands(campaigns)
  addSettle(campaigns)
}

interface ListOptions extends ReadOptions {
  limit: number
}

const list = (options: ListOptions): Promise<void> =>
  withAddressee(async ({ campaigns }) => show(await campaigns.list({ limit: options.limit }), options, campaignTable))

const campaignTable = (campaigns: Campaign[]): string =>
  table(
    ['key', 'state', 'audience', 'send at', 'title'],
    campaigns.map(({ key, state, audience, sendAt, title }) => [key, state, audience, showInstant(sendAt), title]),
  )

const showCampaign = (campaign: string, options: ReadOptions): Promise<void> =>
  withAddressee(async ({ campaigns }) => show(await campaigns.get(campaign), options, campaignReport))
