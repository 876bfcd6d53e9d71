import { setTimeout as sleep } from 'node:timers/promises'
import { totalOf } from '../../domain/fate.ts'
import type { Campaigns, CampaignWithCounts } from '../campaigns.ts'
import { stateOf } from './campaign-report.ts'
import { showInstant } from './instant.ts'
import { createTerminal } from './terminal.ts'

// Often enough for people.
const lookEveryMs = 500

/** Follows a campaign on stderr until it is finished or cancelled. A pause does not end it: somebody may resume. */
export async function watchCampaign(campaigns: Campaigns, id: string): Promise<CampaignWithCounts> {
  const { progress, say } = createTerminal(process.stderr)
  const startedAt = performance.now()
  for (;;) {
    const campaign = await campaigns.get(id)
    const line = progressLine(campaign, (performance.now() - startedAt) / 1000)
    if (campaign.state === 'finished' || campaign.state === 'cancelled') {
      say(line)
      return campaign
    }
    progress(line)
    await sleep(lookEveryMs)
  }
}

/** One line that says where a campaign stands. */
export function progressLine(campaign: CampaignWithCounts, seconds: number): string {
  const { key, state, counts, audience, sendAt } = campaign
  if (audience === null)
    return `${key}: ${stateOf(campaign)}${state === 'scheduled' ? ` for ${showInstant(sendAt)}` : ''}`
  const { sent, failed, skipped, unknown } = counts
  const share = audience === 0 ? 100 : Math.floor((100 * (sent + failed + skipped + unknown)) / totalOf(counts))
  const fates = `${sent} sent, ${failed} failed, ${skipped} skipped, ${unknown} unknown`
  return `${key}: ${stateOf(campaign)}, ${share} % of ${audience}: ${fates}, ${Math.round(sent / Math.max(seconds, 1))}/s`
}
