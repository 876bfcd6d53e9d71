import { z } from 'zod'
import { line } from './field-rules.ts'

// The channels of a resource and what each needs to know. Where a provider has to be logged in to, the resource names
// the connection; secrets stand in no resource, because a resource is shown, listed and cloned.

const connection = line(100)
const pushProviders = ['fcm', 'apns', 'mozilla', 'appmetrica', 'hms', 'rustore'] as const
const group = z.strictObject({ connection, chatId: line(100) })
const account = z.strictObject({ connection })

const settingsOf = {
  /** What e-mail needs are fields of the resource itself. */
  email: z.strictObject({}),
  /** The operator name that phones show. */
  sms: z.strictObject({ callerId: line(20) }),
  push: z.strictObject({ providers: z.array(z.enum(pushProviders)).min(1, 'must name a provider') }),
  telegram_bot: account,
  telegram_group: group,
  max_bot: account,
  max_group: group,
  whatsapp: account,
  viber: z.strictObject({ connection, senderName: line(50) }),
  notify: account,
}

const customName = /^custom:[a-z0-9]+(?:[_-][a-z0-9]+)*$/
const customSettings = z
  .record(line(50), z.union([line(200), z.number(), z.boolean()]))
  .refine((settings) => Object.keys(settings).length <= 20, 'must have at most 20 settings')

/** The channels that are known by name. Any other is `custom:<name>`. */
export const channelNames = Object.keys(settingsOf)

/** Name of a channel. */
export const channelName = z
  .string()
  .max(60, 'must have at most 60 characters')
  .refine(
    (name) => Object.hasOwn(settingsOf, name) || customName.test(name),
    `must be one of ${channelNames.join(', ')} or custom:<name>`,
  )

/** What a channel is set to; its shape depends on the channel. */
export type ChannelSettings = Record<string, unknown>

const mostChannels = 8

/** Channels with their settings; by default e-mail alone. */
export const resourceChannels = z
  .record(channelName, z.record(z.string(), z.unknown()))
  .refine((channels) => Object.keys(channels).length > 0, 'must have one channel at least')
  .refine(
    (channels) => Object.keys(channels).length <= mostChannels,
    `must have at most ${mostChannels} channels for one resource`,
  )
  .transform((channels, context): Record<string, ChannelSettings> => {
    for (const [name, settings] of Object.entries(channels)) {
      const schema = Object.hasOwn(settingsOf, name) ? settingsOf[name as keyof typeof settingsOf] : customSettings
      const parsed = schema.safeParse(settings)
      if (!parsed.success) for (const issue of parsed.error.issues) context.issues.push(within(name, issue))
    }
    return channels
  })

const within = (name: string, issue: z.core.$ZodIssue) =>
  ({ ...issue, path: [name, ...issue.path], input: undefined }) as z.core.$ZodRawIssue
