import { candidatesOf, type Funnel } from '../../domain/audience-rule.ts'
import { fates } from '../../domain/fate.ts'
import type { Campaign, CampaignWithCounts, StoppedCampaign } from '../campaigns.ts'
import { showInstant } from './instant.ts'
import { type Cell, details } from './table.ts'

/** Everything about a campaign, for people. */
export function campaignReport(campaign: CampaignWithCounts): string {
  const { funnel, counts } = campaign
  const frozen = funnel === null ? [] : [funnelTable(funnel), details(fates.map((fate) => [fate, counts[fate]]))]
  return [campaignDetails(campaign), ...frozen].join('\n\n')
}

/** Without the counts: what a command changes. */
export const campaignDetails = (campaign: Campaign): string =>
  details([
    ['key', campaign.key],
    ['title', campaign.title],
    ['id', campaign.id],
    ['state', stateOf(campaign)],
    ['resource', campaign.resource],
    ['categories', campaign.categories.join(', ')],
    ['send at', showInstant(campaign.sendAt)],
    ['on uncertain', campaign.onUncertain],
    ['created', showInstant(campaign.createdAt)],
    ['frozen', showInstant(campaign.frozenAt)],
    ['finished', showInstant(campaign.finishedAt)],
    ['workflow', campaign.workflowId],
  ])

/** Of a campaign that was told to stop: how much of it was left. */
export function stoppedReport(campaign: StoppedCampaign): string {
  const { counts, remaining } = campaign
  const left: [string, Cell][] = [
    ['sent', counts.sent],
    ['not sent to', remaining],
    ...(counts.claimed > 0 ? [['- of them under way', counts.claimed] satisfies [string, Cell]] : []),
  ]
  return [campaignDetails(campaign), ...(campaign.audience === null ? [] : [details(left)])].join('\n\n')
}

/** `paused by ada: a typo` */
export function stateOf({ state, pausedBy, pauseReason }: Campaign): string {
  const by = pausedBy === null ? '' : ` by ${pausedBy}`
  const why = pauseReason === null ? '' : `: ${pauseReason}`
  return `${state}${by}${why}`
}

/** From the candidates down to the audience, by the reason that left contacts out. */
export function funnelTable(funnel: Funnel): string {
  const { included, ...reasons } = funnel
  const leftOut = Object.entries(reasons).map(([reason, count]): [string, Cell] => [`- ${reason}`, count])
  return details([['candidates', candidatesOf(funnel)], ...leftOut, ['audience', included]])
}
