import { previewAudience } from '../db/audience.ts'
import { commandCampaign } from '../db/campaign-commands.ts'
import { criteriaFrom, findReferences } from '../db/campaign-references.ts'
import { type CampaignRow, campaignById, findCampaign, listCampaigns } from '../db/campaigns.ts'
import type { Connection } from '../db/connect.ts'
import { criteriaOf } from '../db/criteria.ts'
import { type Explanation, explainContact, recipientOf } from '../db/explain.ts'
import { pageOfRecipients, type RecipientRow } from '../db/ledger.ts'
import { contactsNamed } from '../db/name-contact.ts'
import { channel, scheduleCampaign } from '../db/schedule-campaign.ts'
import { settleUnknown, type UnknownVerdict } from '../db/settle-unknown.ts'
import { countFates } from '../db/tally.ts'
import { candidatesOf, type Funnel } from '../domain/audience-rule.ts'
import { type CampaignDefinition, checkDefinition, warningsOf } from '../domain/campaign-definition.ts'
import { type CampaignCommand, type OnUncertain, type ShownState, shownState } from '../domain/campaign-state.ts'
import type { Fate, FateCounts } from '../domain/fate.ts'
import { Refusal } from '../domain/refusal.ts'
import { campaignWorkflowId } from '../workflows/contract.ts'
import { untilNothingIsUnderWay } from './campaign-stop.ts'
import { ensureCampaignWorkflow, tellCampaign } from './campaign-workflow.ts'
import { someContacts } from './named-contacts.ts'
import type { LazyTemporal } from './temporal.ts'

/** A campaign as people see it. Instants are ISO 8601 in UTC. */
export interface Campaign {
  id: string
  key: string
  title: string
  resource: string
  categories: string[]
  state: ShownState
  pausedBy: string | null
  pauseReason: string | null
  sendAt: string
  onUncertain: OnUncertain
  /** Null until the audience is frozen. */
  audience: number | null
  candidates: number | null
  funnel: Funnel | null
  createdAt: string
  frozenAt: string | null
  finishedAt: string | null
  /** Where to look in the Temporal UI. */
  workflowId: string
}

export interface CampaignWithCounts extends Campaign {
  /** They sum to the audience at every instant. */
  counts: FateCounts
}

/** A campaign that was told to stop. */
export interface StoppedCampaign extends CampaignWithCounts {
  /** Recipients that were not sent to: exact when `counts.claimed` is 0, and else with those still under way. */
  remaining: number
}

export interface Scheduled extends Campaign {
  /** False: the key was taken, and this is the campaign that has it, unchanged. */
  created: boolean
  /** What the author should know, though nothing is wrong. */
  warnings: string[]
}

export interface Preview {
  candidates: number
  audience: number
  funnel: Funnel
}

/** Who commands, and why: it is kept with the campaign and shown. */
export interface CommandOptions {
  by?: string
  reason?: string
}

/** Schedules, steers and reports campaigns. Campaigns are named by their key or their id. */
export class Campaigns {
  readonly #database: Connection
  readonly #temporal: LazyTemporal

  constructor(database: Connection, temporal: LazyTemporal) {
    this.#database = database
    this.#temporal = temporal
  }

  /**
   * Records a campaign and starts its workflow. The key names it for ever: a second call is the same campaign, and
   * starts the workflow if the first one could not.
   * @throws {Refusal} for input that cannot work; nothing is recorded then.
   * @throws {Unavailable} when Temporal does not answer: the campaign is recorded, call again.
   */
  async schedule(definition: CampaignDefinition): Promise<Scheduled> {
    const checked = checkDefinition(definition)
    const { campaign, created } = await scheduleCampaign(this.#database.db, checked)
    await ensureCampaignWorkflow(await this.#temporal.get(), campaign)
    return { ...shown(campaign), created, warnings: warningsOf(checked) }
  }

  /** The funnel as it would come out now, for a scheduled campaign or for a definition; nothing is recorded. */
  async preview(campaign: string | CampaignDefinition): Promise<Preview> {
    const { db } = this.#database
    const funnel = await previewAudience(db, await this.#criteria(campaign))
    return { candidates: candidatesOf(funnel), audience: funnel.included, funnel }
  }

  async #criteria(campaign: string | CampaignDefinition) {
    const { db } = this.#database
    if (typeof campaign === 'string') return criteriaOf(db, (await this.#find(campaign)).id)
    const checked = checkDefinition(campaign)
    return criteriaFrom(await findReferences(db, checked, channel), checked, channel)
  }

  /**
   * Why a contact is in the audience, or is not: rule by rule as of now, and its row in the ledger.
   * @param contact an id, an external id or an e-mail address; several contacts may have the latter.
   */
  async explain(campaign: string, contact: string): Promise<Explanation[]> {
    const { db } = this.#database
    const { id } = await this.#find(campaign)
    const contacts = someContacts(contact, await contactsNamed(db, contact))
    return Promise.all(contacts.map((contactId) => this.#explained(id, contactId)))
  }

  /** The same for one contact by id, which there must be. */
  async explainOne(campaign: string, contactId: string): Promise<Explanation> {
    return this.#explained((await this.#find(campaign)).id, contactId)
  }

  async #explained(id: string, contactId: string): Promise<Explanation> {
    const { db } = this.#database
    const explanation = await explainContact(db, await criteriaOf(db, id), contactId)
    return { ...explanation, recipient: await recipientOf(db, id, contactId) }
  }

  async get(campaign: string): Promise<CampaignWithCounts> {
    const found = await this.#find(campaign)
    return { ...shown(found), counts: await countFates(this.#database.db, found.id) }
  }

  /** The latest first. */
  async list(options: { limit?: number; before?: string; group?: string | null } = {}): Promise<Campaign[]> {
    return (await listCampaigns(this.#database.db, { limit: 50, ...options })).map(shown)
  }

  /** A page of the ledger, in order; `after` is the last seq of the page before. */
  async recipients(
    campaign: string,
    page: { state?: Fate; after?: number; limit?: number } = {},
  ): Promise<RecipientRow[]> {
    const { id } = await this.#find(campaign)
    const { state, after = 0, limit = 100 } = page
    return pageOfRecipients(this.#database.db, id, { after, limit, ...(state === undefined ? {} : { state }) })
  }

  /**
   * Stops sending, or holds a campaign that waits. Answers when nothing is under way any more, or after a second;
   * later than that nothing is handed over to a server that keeps up.
   */
  pause(campaign: string, options: CommandOptions = {}): Promise<StoppedCampaign> {
    return this.#stop(campaign, 'pause', options)
  }

  resume(campaign: string, options: CommandOptions = {}): Promise<Campaign> {
    return this.#command(campaign, 'resume', options)
  }

  /** Ends the campaign for good, as quickly as a pause: who has not been sent to is skipped. */
  cancel(campaign: string, options: CommandOptions = {}): Promise<StoppedCampaign> {
    return this.#stop(campaign, 'cancel', options)
  }

  sendNow(campaign: string, options: CommandOptions = {}): Promise<Campaign> {
    return this.#command(campaign, 'sendNow', options)
  }

  reschedule(campaign: string, sendAt: Date | string, options: CommandOptions = {}): Promise<Campaign> {
    return this.#command(campaign, 'reschedule', options, instant(sendAt))
  }

  /**
   * Settles recipients of unknown fate by an operator's word: those named by `seqs`, or all. `resend` queues them
   * again, under the Message-ID that they had, and lets a finished campaign go on.
   * @returns how many were settled.
   * @throws {Refusal} for `resend` in a campaign that was cancelled.
   */
  async settle(
    campaign: string,
    verdict: UnknownVerdict,
    options: { by?: string; seqs?: number[] } = {},
  ): Promise<{ settled: number }> {
    const { db } = this.#database
    const { id } = await this.#find(campaign)
    const settled = await settleUnknown(db, id, verdict, { ...options, by: options.by ?? 'the client' })
    if (verdict === 'resend' && settled > 0)
      await ensureCampaignWorkflow(await this.#temporal.get(), await campaignById(db, id))
    return { settled }
  }

  /** The row first: the senders obey it from the commit on, whatever Temporal is doing. Then the workflow is told. */
  async #command(keyOrId: string, command: CampaignCommand, options: CommandOptions, sendAt?: Date): Promise<Campaign> {
    const { id } = await this.#find(keyOrId)
    const details = { ...options, by: options.by ?? 'the client' }
    const changed = await commandCampaign(this.#database.db, id, command, { ...details, ...(sendAt && { sendAt }) })
    const input = { ...details, ...(sendAt && { sendAt: sendAt.toISOString() }) }
    await tellCampaign(await this.#temporal.get(), changed, command, input)
    return shown(changed)
  }

  async #stop(keyOrId: string, command: 'pause' | 'cancel', options: CommandOptions): Promise<StoppedCampaign> {
    const { db } = this.#database
    const { id } = await this.#find(keyOrId)
    const by = options.by ?? 'the client'
    const changed = await commandCampaign(db, id, command, { ...options, by })
    // Before the workflow is told: of a cancelled campaign it skips whoever is left.
    const counts = await untilNothingIsUnderWay(db, id)
    await tellCampaign(await this.#temporal.get(), changed, command, { ...options, by })
    return { ...shown(changed), counts, remaining: counts.queued + counts.claimed }
  }

  async #find(keyOrId: string): Promise<CampaignRow> {
    const found = await findCampaign(this.#database.db, keyOrId)
    if (found !== undefined) return found
    throw new Refusal({
      field: 'campaign',
      rule: `there is no campaign ${keyOrId}`,
      remedy: 'Give the key or the id of one (addressee campaigns list).',
    })
  }
}

function instant(value: Date | string): Date {
  // Without an offset the hour would be that of whatever machine this runs on.
  const hasOffset = value instanceof Date || /(?:Z|[+-]\d{2}:?\d{2})$/i.test(value)
  const date = new Date(value)
  if (hasOffset && !Number.isNaN(date.getTime())) return date
  throw new Refusal({
    field: 'sendAt',
    rule: 'must be an ISO 8601 time with an offset',
    remedy: 'Write it like 2030-01-31T09:00:00+01:00.',
  })
}

const shown = (row: CampaignRow): Campaign => ({
  id: row.id,
  key: row.key,
  title: row.title,
  resource: row.resourceKey,
  categories: row.categories,
  state: shownState(row.state, row.pausedAt),
  pausedBy: row.pausedBy,
  pauseReason: row.pauseReason,
  sendAt: row.sendAt.toISOString(),
  onUncertain: row.onUncertain,
  audience: row.audience,
  candidates: row.candidates,
  funnel: row.funnel,
  createdAt: row.createdAt.toISOString(),
  frozenAt: row.frozenAt?.toISOString() ?? null,
  finishedAt: row.finishedAt?.toISOString() ?? null,
  workflowId: campaignWorkflowId(row.id),
})
