import { z } from 'zod'
import { resourceSchema, unsubscribeModes } from '../../domain/resource-settings.ts'
import { frequencyRules, id, instant, name } from './shapes.ts'

/** What is shown of a resource: neither what signs its mail nor its token. */
const shown = z.object({
  id,
  key: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  accessGroup: z.string().nullable(),
  siteUrls: z.array(z.string()),
  contactSources: z.array(z.string()).nullable().describe('Sources whose contacts may subscribe; null: all.'),
  trackingDomain: z.string().nullable(),
  fromName: z.string(),
  fromAddress: z.string(),
  replyToName: z.string().nullable(),
  replyTo: z.string().nullable(),
  listLabel: z.string(),
  listId: z.string(),
  dkimDomain: z.string().nullable(),
  dkimSelector: z.string().nullable(),
  listUnsubscribe: z.boolean(),
  calledUrl: z.string().nullable(),
  unsubscribeMode: z.enum(unsubscribeModes),
  unsubscribeTimerSeconds: z.int().nullable(),
  unsubscribePageUrl: z.string().nullable(),
  prohibitedReason: z.string().nullable(),
  frequencyPolicy: frequencyRules,
  raisesNewAddresses: z.boolean(),
  colour: z.string().nullable(),
  channels: z.record(z.string(), z.record(z.string(), z.unknown())),
  createdAt: instant,
  updatedAt: instant,
})

export const resource = shown.meta({ id: 'Resource' })
const warnings = z.array(z.string()).describe('What receivers may hold against the mail.')
export const changedResource = shown.extend({ warnings }).meta({ id: 'ChangedResource' })
export const createdResource = z.object({ id, key: z.string(), created: z.boolean(), warnings })

export const resourceParams = z.strictObject({ resource: name })
export const resourceFields = resourceSchema.omit({ key: true })
export const copyName = resourceSchema.pick({ key: true, name: true }).partial({ name: true })

export const subscriber = z
  .object({
    contactId: id,
    externalId: z.string().nullable(),
    address: z.string().nullable().describe('Where the contact is reached on the channel; null: nowhere.'),
    category: z.string(),
    status: z.enum(['subscribed', 'unsubscribed', 'pending']),
    since: instant,
  })
  .meta({ id: 'Subscriber' })
