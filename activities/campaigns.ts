import { commandCampaign } from '../db/campaign-commands.ts'
import { type CampaignRow, campaignById, markFinished } from '../db/campaigns.ts'
import type { Db } from '../db/connect.ts'
import { outstanding, skipQueued } from '../db/ledger.ts'
import { countFates } from '../db/tally.ts'
import type { CampaignCommand } from '../domain/campaign-state.ts'
import { shownState } from '../domain/campaign-state.ts'
import type {
  CampaignDescription,
  CampaignReport,
  CommandInput,
  Outstanding,
  RescheduleInput,
} from '../workflows/contract.ts'
import { refusing } from './failures.ts'

/** A campaign by its id. */
export interface CampaignRef {
  campaignId: string
}

/** What workflows ask about campaigns and do to them. All of it can be repeated: the row decides. */
export const campaignActivities = ({ db }: { db: Db }) => ({
  async describeCampaign({ campaignId }: CampaignRef): Promise<CampaignDescription> {
    return describe(await refusing(campaignById(db, campaignId)))
  },

  async commandCampaign(
    input: CampaignRef & { command: CampaignCommand } & (CommandInput | RescheduleInput),
  ): Promise<CampaignDescription> {
    const { by, reason } = input
    const details = {
      by,
      ...(reason === undefined ? {} : { reason }),
      ...('sendAt' in input ? { sendAt: new Date(input.sendAt) } : {}),
    }
    return describe(await refusing(commandCampaign(db, input.campaignId, input.command, details)))
  },

  async countOutstanding({ campaignId }: CampaignRef): Promise<Outstanding> {
    const left = await outstanding(db, campaignId)
    return { ...left, retryAt: left.retryAt?.toISOString() ?? null }
  },

  /** Idempotent: the second time finds nobody queued and the end time set. */
  async finishCampaign({ campaignId }: CampaignRef): Promise<CampaignReport> {
    const before = await refusing(campaignById(db, campaignId))
    if (before.state === 'cancelled') await skipQueued(db, campaignId)
    await markFinished(db, campaignId)
    const { state, audience, candidates } = await campaignById(db, campaignId)
    return {
      campaignId,
      state: state === 'cancelled' ? 'cancelled' : 'finished',
      audience: audience ?? 0,
      candidates: candidates ?? 0,
      counts: await countFates(db, campaignId),
    }
  },
})

const describe = (campaign: CampaignRow): CampaignDescription => ({
  campaignId: campaign.id,
  key: campaign.key,
  title: campaign.title,
  categories: campaign.categories,
  sendAt: campaign.sendAt.toISOString(),
  state: shownState(campaign.state, campaign.pausedAt),
  pausedBy: campaign.pausedBy,
  pauseReason: campaign.pauseReason,
})
