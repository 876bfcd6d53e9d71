import type { Funnel } from '../domain/audience-rule.ts'
import type { ShownState } from '../domain/campaign-state.ts'
import type { FateCounts } from '../domain/fate.ts'

// The wire between clients, workflows and activities. Everything here survives JSON: ids are strings, instants
// are ISO 8601 in UTC. Never an e-mail address: histories are read by operators and kept by Temporal.

/**
 * `core` for workflows and database work, `smtp` for dispatch alone: sending never delays a command. `unsubscribe` for
 * delayed unsubscribes: ten thousand of them at once delay neither a campaign nor the sweep that settles them. `webhooks`
 * for activities that stay for minutes and mostly wait.
 */
export const taskQueues = {
  core: 'addressee-core',
  smtp: 'addressee-smtp',
  unsubscribe: 'addressee-unsubscribe',
  webhooks: 'addressee-webhooks',
} as const

/**
 * One campaign is one workflow, for ever: a second start finds the first. Unique within a namespace, which therefore
 * holds one installation.
 */
export const campaignWorkflowId = (campaignId: string): string => `campaign/${campaignId}`

/** One workflow delivers a webhook's events, and no second one: their order is that of its posts. */
export const webhookWorkflowId = (webhookId: string): string => `webhook/${webhookId}`

export interface DeliverInput {
  webhookId: string
  /** How long one activity delivers before the workflow sees how it goes. */
  roundSeconds: number
}

/** Long, for each round costs the history some events; short enough for figures that are not stale. */
export const deliveryRoundSeconds = 300

/** A webhook whose workflow is to be started, and what people see of it. */
export interface WebhookRef {
  webhookId: string
  title: string
}

/** The signal that tells a workflow which is about to end that its webhook is enabled again. */
export const wakeSignal = 'wake'

/** How a webhook stands at the end of a round. Never its URL: many hold a secret. */
export interface DeliveryRound {
  pending: number
  delivered: number
  failed: number
  lastError: string | null
  /** Why nothing more is to be delivered; null: the next round may begin. */
  ended: 'disabled' | 'deleted' | null
}

export interface CampaignInput {
  campaignId: string
  /** Where the previous run of a long campaign stopped; absent in the first run. */
  carry?: CampaignCarry
}

/** What a campaign hands to its next run (continue-as-new). Small whatever the audience. */
export interface CampaignCarry {
  plan: DispatchPlan
  nextSeq: number
  unfinished: SeqRange[]
  /** Absent in what an earlier version handed over. */
  held?: SeqRange[]
  settled: FateCounts
  pass: number
}

/** Inclusive positions in the ledger. */
export interface SeqRange {
  from: number
  to: number
}

/** Decided once, when the audience is frozen: a change of the code's own numbers must not disturb a running campaign. */
export interface DispatchPlan {
  audience: number
  candidates: number
  rangeSize: number
  window: number
}

export interface CampaignDescription {
  campaignId: string
  key: string
  title: string
  categories: string[]
  sendAt: string
  state: ShownState
  pausedBy: string | null
  pauseReason: string | null
}

export interface ResolvedAudience extends DispatchPlan {
  funnel: Funnel
}

export interface DispatchInput extends SeqRange {
  campaignId: string
}

/**
 * Why a range ended before its last recipient. `turn_over`: it has had its time and gives way to others; `held`: a
 * sending limit lets nothing of it go for a while.
 */
export type Stopped = 'paused' | 'cancelled' | 'turn_over' | 'held'

/** What a sending limit holds up, and until when. */
export interface Hold {
  /** The limit, as people name it: `resource acme`. */
  by: string
  until: string
  /** Whether it holds every recipient of the campaign, or only those of one domain. */
  everybody: boolean
}

export interface DispatchResult {
  /** Where all recipients of the campaign stand now. */
  counts: FateCounts
  stopped: Stopped | null
  /** For `held`. */
  held?: Hold
}

/** What is left when every range has been dispatched once. */
export interface Outstanding {
  /** Waiting for a second try, after a temporary refusal. */
  queued: number
  /** Claimed by somebody who has not answered yet. */
  claimed: number
  /** When the first of them may be tried again; null when nothing is outstanding. */
  retryAt: string | null
}

export interface CampaignReport {
  campaignId: string
  state: 'finished' | 'cancelled'
  audience: number
  candidates: number
  counts: FateCounts
}

export interface Progress extends CampaignDescription {
  audience: number | null
  candidates: number | null
  counts: FateCounts
  pass: number
  /** The sending limit that lets nothing go for a while; null when there is none. */
  hold: Hold | null
}

/** Who gives the command, and why. The Temporal UI sends the same JSON object. */
export interface CommandInput {
  by: string
  reason?: string
}
export interface RescheduleInput extends CommandInput {
  /** ISO 8601 with an offset. */
  sendAt: string
}

export const campaignUpdates = {
  pause: 'pause',
  resume: 'resume',
  reschedule: 'reschedule',
  sendNow: 'sendNow',
  cancel: 'cancel',
} as const

export const progressQuery = 'progress'

/** One delayed unsubscribe is one workflow: a second start finds the first. */
export const unsubscribeWorkflowId = (id: string): string => `unsubscribe/${id}`

export interface UnsubscribeInput {
  /** Of the leading row in Postgres. */
  id: string
  /** An instant and not a delay: who starts late waits the shorter. */
  dueAt: string
}

/** `confirmed`, `cancelled` or still `pending`; `gone` when the contact was erased meanwhile. */
export interface UnsubscribeStatus {
  state: 'pending' | 'confirmed' | 'cancelled' | 'gone'
  dueAt: string
  /** What decided it: the page, the SDK, the API, an operator, the timer. Null while it is pending. */
  through: string | null
}

/** What is to become of a delayed unsubscribe. The row decides: who comes second is told what came first. */
export interface SettleInput {
  id: string
  wish: 'confirm' | 'cancel' | 'timer'
  /** Null for the timer. */
  by: string | null
}

export const unsubscribeUpdates = { confirm: 'confirm', cancel: 'cancel' } as const
export const statusQuery = 'status'

/** The Schedule, and the workflows that it starts. */
export const sweepId = 'sweep'

export interface SweepInput {
  /** What workflows/sweep.ts can do, in this order. In the input, so that another list replays old histories too. */
  steps: string[]
}

/** What each step said, or why it failed. */
export type SweepReport = Record<string, string>

/** One request to confirm a subscription is one workflow. */
export const optInWorkflowId = (requestId: string): string => `opt-in/${requestId}`

export interface OptInInput {
  requestId: string
}
export interface OptInReport extends OptInInput {
  state: 'confirmed' | 'expired' | 'withdrawn' | 'gone'
}

/** Says that the row has changed. */
export const optInSignal = 'settled'

/** Types of failures that are refusals: repeating the call would be refused again. */
export const refusedFailure = 'Refused'

/** Search attributes, with the type that the Temporal server must have them registered under. */
export const searchAttributes = {
  CampaignId: 'KEYWORD',
  CampaignState: 'KEYWORD',
  Categories: 'KEYWORD_LIST',
  SendAt: 'DATETIME',
  Recipients: 'INT',
  Sent: 'INT',
  UnsubscribeState: 'KEYWORD',
  DueAt: 'DATETIME',
} as const
