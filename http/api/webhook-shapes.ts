import { z } from 'zod'
import { eventKinds } from '../../domain/event-kind.ts'
import { id, instant, name } from './shapes.ts'

const kinds = z.array(z.enum(eventKinds)).nullable()

const shown = z.object({
  id,
  url: z.string(),
  description: z.string().nullable(),
  kinds: kinds.describe('Null: every kind but those of recipients.'),
  resource: z.string().nullable().describe('Null: of every resource.'),
  accessGroup: z.string().nullable(),
  isCalledUrl: z.boolean().describe('It stands for the called URL of its resource, and follows it.'),
  createdAt: instant,
  disabledAt: instant.nullable(),
  disabledReason: z.string().nullable(),
})

export const webhook = shown.meta({ id: 'Webhook' })
const secret = z.string().describe('whsec_…; this is the only time that it is shown.')
const warnings = z.array(z.string()).describe('That its workflow could not be started, and what to do about it.')
export const createdWebhook = shown.extend({ secret, warnings }).meta({ id: 'CreatedWebhook' })
export const enabledWebhook = shown.extend({ warnings }).meta({ id: 'EnabledWebhook' })
export const rotatedWebhook = shown.extend({ secret }).meta({ id: 'RotatedWebhook' })

const text = z.string().min(1).max(200)

export const newWebhook = z.strictObject({
  url: z.string().max(2000).describe('https, and no private address.'),
  description: text.nullable().optional(),
  kinds: z
    .array(z.enum(eventKinds))
    .min(1)
    .max(20)
    .nullable()
    .optional()
    .describe('Absent or null: every kind but those of recipients.'),
  resource: name.nullable().optional().describe('Its events only, with those that concern every resource.'),
  accessGroup: text.nullable().optional(),
})

export const webhookParams = z.strictObject({ webhook: z.string().regex(/^\d{1,18}$/, 'must be digits') })

export const deliveryStates = z.enum(['pending', 'delivered', 'failed'])

export const delivery = z
  .object({
    eventId: id,
    kind: z.enum(eventKinds),
    at: instant,
    state: deliveryStates,
    attempts: z.int(),
    nextAt: instant.nullable().describe('When it is tried next, while it is pending.'),
    lastStatus: z.int().nullable(),
    lastError: z.string().nullable(),
    deliveredAt: instant.nullable(),
  })
  .meta({ id: 'Delivery' })
