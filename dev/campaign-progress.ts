import { setTimeout as sleep } from 'node:timers/promises'
import type { Addressee } from '../client/addressee.ts'
import type { CampaignWithCounts } from '../client/campaigns.ts'

/** Follows a campaign until it is over, or until it has paused itself: then only a person can go on. */
export async function followCampaign(
  addressee: Addressee,
  key: string,
  show: (campaign: CampaignWithCounts, seconds: number) => void,
): Promise<{ campaign: CampaignWithCounts; seconds: number }> {
  const startedAt = performance.now()
  for (;;) {
    const campaign = await addressee.campaigns.get(key)
    const seconds = (performance.now() - startedAt) / 1000
    show(campaign, seconds)
    if (['finished', 'cancelled', 'paused'].includes(campaign.state)) return { campaign, seconds }
    await sleep(250)
  }
}

const stalledAfterMs = 20_000

/** Calls `tell` once when a campaign has not moved for a while: whoever waits should not have to guess why. */
export function watchForStall(tell: () => void, now: () => number = Date.now): (campaign: CampaignWithCounts) => void {
  let last = ''
  let movedAt = 0
  let told = false
  return ({ state, counts }) => {
    const current = JSON.stringify([state, counts])
    if (current !== last) [last, movedAt, told] = [current, now(), false]
    if (told || now() - movedAt < stalledAfterMs) return
    told = true
    tell()
  }
}
