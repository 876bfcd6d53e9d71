import type { CampaignWithCounts } from '../client/campaigns.ts'
import { candidatesOf, type Funnel } from '../domain/audience-rule.ts'
import { isAccountedFor, totalOf } from '../domain/fate.ts'
import type { Links } from './links.ts'
import { table } from './table.ts'

/** What `npm start -- --once` prints as its last line. */
export interface CampaignReport extends Links {
  audience: number
  candidates: number
  funnel: Funnel
  sent: number
  failed: number
  skipped: number
  unknown: number
  seconds: number
}

export function reportOf(campaign: CampaignWithCounts, seconds: number, links: Links): CampaignReport {
  const { sent, failed, skipped, unknown } = campaign.counts
  return {
    audience: campaign.audience ?? 0,
    candidates: campaign.candidates ?? 0,
    funnel: campaign.funnel ?? { included: 0 },
    sent,
    failed,
    skipped,
    unknown,
    seconds: Math.round(seconds * 1000) / 1000,
    ...links,
    temporalUi: campaignPage(campaign, links.temporalUi),
  }
}

const campaignPage = ({ workflowId }: CampaignWithCounts, ui: string | null): string | null =>
  ui === null ? null : `${ui}/namespaces/default/workflows/${encodeURIComponent(workflowId)}`

/** Finished, every candidate explained by the funnel and every recipient by a fate. */
export const accountedFor = ({ state, audience, candidates, funnel, counts }: CampaignWithCounts): boolean =>
  state === 'finished' &&
  isAccountedFor(counts) &&
  totalOf(counts) === audience &&
  funnel !== null &&
  funnel.included === audience &&
  candidatesOf(funnel) === candidates

/** For people: why who was left out, and what became of the rest. */
export function reportTable(report: CampaignReport): string {
  const { included, ...reasons } = report.funnel
  return table([
    ['candidates', report.candidates],
    ...Object.entries(reasons).map(([reason, count]): [string, number] => [`- ${reason}`, count]),
    ['audience', included],
    ['sent', report.sent],
    ['failed', report.failed],
    ['skipped', report.skipped],
    ['unknown', report.unknown],
    ['seconds', Math.round(report.seconds * 10) / 10],
    ['messages a second', Math.round(report.sent / Math.max(report.seconds, 0.001))],
  ])
}
