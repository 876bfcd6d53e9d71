import { z } from 'zod'
import { campaignStates } from '../../domain/campaign-state.ts'
import { fates } from '../../domain/fate.ts'
import { id, instant, name } from './shapes.ts'

const count = z.int()
const funnel = z
  .record(z.string(), count)
  .describe('How many are included, and how many were left out for which reason; they sum to the candidates.')
  .meta({ id: 'Funnel' })

export const campaign = z
  .object({
    id,
    key: z.string(),
    title: z.string(),
    resource: z.string(),
    categories: z.array(z.string()),
    state: z.enum([...campaignStates, 'paused']),
    pausedBy: z.string().nullable(),
    pauseReason: z.string().nullable(),
    sendAt: instant,
    onUncertain: z.enum(['hold', 'resend']),
    audience: count.nullable().describe('Null until the audience is frozen.'),
    candidates: count.nullable(),
    funnel: funnel.nullable(),
    createdAt: instant,
    frozenAt: instant.nullable(),
    finishedAt: instant.nullable(),
    workflowId: z.string().describe('Where to look in the Temporal UI.'),
  })
  .meta({ id: 'Campaign' })

const counts = z.object({ queued: count, claimed: count, sent: count, failed: count, skipped: count, unknown: count })

export const scheduled = campaign
  .extend({ created: z.boolean(), warnings: z.array(z.string()) })
  .meta({ id: 'ScheduledCampaign' })
export const campaignWithCounts = campaign.extend({ counts }).meta({ id: 'CampaignWithCounts' })
export const stopped = campaign
  .extend({ counts, remaining: count.describe('Recipients that were not sent to.') })
  .meta({ id: 'StoppedCampaign' })
export const preview = z.object({ candidates: count, audience: count, funnel }).meta({ id: 'Preview' })

export const recipient = z
  .object({
    seq: count,
    contactId: id,
    address: z.string(),
    state: z.enum(fates),
    reason: z.string().nullable(),
    code: count.nullable(),
    response: z.string().nullable(),
    attempts: count,
    serverId: z.string().nullable(),
    settledAt: instant.nullable(),
  })
  .meta({ id: 'Recipient' })

const verdict = z.object({ number: count, rule: z.string(), text: z.string(), holds: z.boolean() })
const ledgerRow = z.object({
  seq: count,
  state: z.enum(fates),
  reason: z.string().nullable(),
  settledAt: instant.nullable(),
})
export const explanation = z
  .object({
    contactId: id,
    reason: z.string().nullable().describe('Null: the contact belongs to the audience.'),
    rules: z.array(verdict),
    recipient: ledgerRow.nullable(),
  })
  .meta({ id: 'Explanation' })

export const campaignParams = z.strictObject({ campaign: name })
