/**
 * Where a campaign stands. Pausing is not a state but a flag beside it (`paused_at`): a paused campaign
 * goes on from where it was, be that waiting for its hour or sending.
 */
export const campaignStates = ['scheduled', 'resolving', 'sending', 'finished', 'cancelled'] as const
export type CampaignState = (typeof campaignStates)[number]

/** What people see: the state, or `paused`. */
export type ShownState = CampaignState | 'paused'

export const shownState = (state: CampaignState, pausedAt: Date | null): ShownState =>
  pausedAt !== null && !isOver(state) ? 'paused' : state

export const isOver = (state: CampaignState): boolean => state === 'finished' || state === 'cancelled'

/** What an operator can do to a campaign. */
export type CampaignCommand = 'pause' | 'resume' | 'reschedule' | 'sendNow' | 'cancel'

/** `hold`: an operator settles messages of unknown fate; `resend`: they go out again with the same Message-ID. */
export type OnUncertain = 'hold' | 'resend'
