import type { Command } from 'commander'
import type { Campaign, Campaigns, CommandOptions, StoppedCampaign } from '../campaigns.ts'
import { campaignDetails, stoppedReport } from './campaign-report.ts'
import { type ReadOptions, show } from './output.ts'
import { withAddressee } from './session.ts'
import { userName } from './user-name.ts'

interface Flags extends ReadOptions {
  by: string
  reason?: string
  /** Of `reschedule` alone. */
  sendAt?: string
}

type Steer = (
  campaigns: Campaigns,
  campaign: string,
  options: CommandOptions,
  sendAt: string,
) => Promise<Campaign | StoppedCampaign>

/** What an operator can do to a campaign. Repeating a command is harmless. */
export function addCampaignCommands(campaigns: Command): void {
  const add = (name: string, description: string, steer: Steer): Command =>
    campaigns
      .command(name)
      .description(description)
      .argument('<campaign>', 'key or id')
      .option('--reason <text>', 'why; kept with the campaign')
      .option('--by <name>', 'who', userName())
      .option('--json', 'print the campaign as JSON')
      .action((campaign: string, flags: Flags) => run(campaign, flags, steer))

  add('pause', 'Stops sending within one claim, or holds a campaign that waits.', (all, campaign, options) =>
    all.pause(campaign, options),
  )
  add('resume', 'Goes on with a paused campaign.', (all, campaign, options) => all.resume(campaign, options))
  add('cancel', 'Ends a campaign for good: who was not sent to is skipped.', (all, campaign, options) =>
    all.cancel(campaign, options),
  )
  add('send-now', 'Sends a waiting campaign at once.', (all, campaign, options) => all.sendNow(campaign, options))
  add('reschedule', 'Gives a waiting campaign another hour.', (all, campaign, options, sendAt) =>
    all.reschedule(campaign, sendAt, options),
  ).requiredOption('--send-at <time>', 'ISO 8601 with an offset, such as 2030-01-31T09:00:00+01:00')
}

const run = (campaign: string, { by, reason, sendAt, json }: Flags, steer: Steer): Promise<void> =>
  withAddressee(async ({ campaigns }) => {
    const options = { by, ...(reason !== undefined && { reason }) }
    show(await steer(campaigns, campaign, options, sendAt ?? ''), { ...(json && { json }) }, report)
  })

const report = (campaign: Campaign | StoppedCampaign): string =>
  'remaining' in campaign ? stoppedReport(campaign) : campaignDetails(campaign)
