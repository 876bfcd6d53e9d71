import { z } from 'zod'
import { colour, distinct, domain, key, line, optional, otherwise, paragraphs, webUrl } from './field-rules.ts'
import { type FrequencyRule, frequencyPolicy } from './frequency-policy.ts'
import { parseInput, patchedInput } from './parse-input.ts'
import { Refusal } from './refusal.ts'
import { type ChannelSettings, resourceChannels } from './resource-channels.ts'
import { checkListId, checkSenderAddress, readDkimKey } from './sender-rules.ts'
import { tellsMessage, unsubscribePageUrl } from './unsubscribe-page-url.ts'

/** How one unsubscribes from a resource (SPEC: unsubscribing). */
export const unsubscribeModes = ['instant', 'confirm', 'delayed', 'prohibited'] as const
export type UnsubscribeMode = (typeof unsubscribeModes)[number]

/** Half an hour: the most that a delayed unsubscribe may wait, and what it waits when nothing is said. */
export const longestTimerSeconds = 1800

/** A resource as it is stored, without its secrets: the DKIM key and the token. */
export interface ResourceSettings {
  id: string
  key: string
  name: string
  description: string | null
  accessGroup: string | null
  siteUrls: string[]
  /** Sources of contacts that may subscribe; null: all. */
  contactSources: string[] | null
  trackingDomain: string | null
  fromName: string
  fromAddress: string
  replyToName: string | null
  replyTo: string | null
  listLabel: string
  listId: string
  dkimDomain: string | null
  dkimSelector: string | null
  listUnsubscribe: boolean
  calledUrl: string | null
  unsubscribeMode: UnsubscribeMode
  /** Set in the mode `delayed` alone. */
  unsubscribeTimerSeconds: number | null
  /** With the placeholders `{send_message_id}` and `{resource_token}`; null: our own page. */
  unsubscribePageUrl: string | null
  prohibitedReason: string | null
  frequencyPolicy: FrequencyRule[] | null
  raisesNewAddresses: boolean
  colour: string | null
  channels: Record<string, ChannelSettings>
  createdAt: Date
  updatedAt: Date
  /** It is history: nothing can be scheduled for it, and nobody can subscribe. */
  deletedAt: Date | null
}

const listLabel = line(200).regex(/^[^<>]*$/, 'must hold no angle brackets')
const timer = z
  .int('must be a whole number of seconds')
  .min(1, 'must be at least 1 second')
  .max(longestTimerSeconds, `must be at most ${longestTimerSeconds} seconds (30 minutes)`)

/** Everything that a resource can be set to, field by field. `parseResource` also checks what holds between fields. */
export const resourceSchema = z.strictObject({
  /** Immutable; campaigns and categories name the resource by it. */
  key: key(100),
  name: line(200),
  description: optional(paragraphs),
  accessGroup: optional(line(100)),
  siteUrls: otherwise(distinct(webUrl, 50), []),
  /** Named sources (as imports name them) whose contacts may subscribe; absent: all. */
  contactSources: optional(distinct(line(200), 100).refine((sources) => sources.length > 0, 'must name a source')),
  trackingDomain: optional(domain),
  fromName: line(200),
  fromAddress: z.string(),
  replyToName: optional(line(200)),
  replyTo: optional(z.string()),
  /** What List-ID shows to people, such as "Acme News" (no angle brackets). */
  listLabel,
  /** What List-ID identifies the list by, such as `news.acme.example` (RFC 2919). */
  listId: z.string(),
  /**
   * Signs the mail, with an RSA key of at least 1024 bits (RFC 8301 recommends 2048) or an Ed25519 key (RFC 8463), in PEM
   * form. RSA is what every receiver can verify.
   */
  dkim: optional(z.strictObject({ domain: z.string(), selector: z.string(), privateKey: z.string() })),
  /** False: mail carries no List-Unsubscribe header. */
  listUnsubscribe: otherwise(z.boolean(), true),
  /** Called after an unsubscribe through that header. */
  calledUrl: optional(webUrl),
  unsubscribeMode: otherwise(z.enum(unsubscribeModes), 'instant'),
  /** Of the mode `delayed`: 1 to 1800, which it is when absent. */
  unsubscribeTimerSeconds: optional(timer),
  unsubscribePageUrl: optional(unsubscribePageUrl),
  /** Why one cannot unsubscribe; for the mode `prohibited`. */
  prohibitedReason: optional(paragraphs),
  frequencyPolicy: optional(frequencyPolicy),
  /** Whether an address that is new to the resource goes before the others of its contact. */
  raisesNewAddresses: otherwise(z.boolean(), false),
  colour: optional(colour),
  channels: otherwise(resourceChannels, { email: {} }),
})

/** What people hand to `resources.create`. */
export type NewResource = z.input<typeof resourceSchema>
/** What can be changed: a field that is absent stays as it is, null clears it. */
export type ResourcePatch = Partial<Omit<NewResource, 'key'>>
/** Every field checked and filled in. */
export type ParsedResource = z.output<typeof resourceSchema>

/** @throws {Refusal} naming the field, the rule and the remedy. */
export function parseResource(input: unknown): ParsedResource {
  const parsed = parseInput(resourceSchema, input, 'a resource')
  if (parsed.dkim !== null) readDkimKey(parsed.dkim, 'dkim')
  refuseReplyNameAlone(parsed)
  refuseBlindPage(parsed)
  return {
    ...parsed,
    fromAddress: checkSenderAddress(parsed.fromAddress, 'fromAddress'),
    replyTo: parsed.replyTo === null ? null : checkSenderAddress(parsed.replyTo, 'replyTo'),
    listId: checkListId(parsed.listId, 'listId').toLowerCase(),
    unsubscribeTimerSeconds: timerOf(parsed),
  }
}

/** A resource as it is stored, with what signs its mail. */
export type StoredResource = ResourceSettings & { dkim: ParsedResource['dkim'] }

/** Applies a patch to what stands. A timer goes with its mode, unless the patch names it. */
export function patchedResource(stands: NewResource | StoredResource, patch: ResourcePatch): ParsedResource {
  refuseKey(patch)
  const leavesDelayed = patch.unsubscribeMode !== undefined && patch.unsubscribeMode !== 'delayed'
  const withoutTimer = leavesDelayed ? { unsubscribeTimerSeconds: null } : {}
  return parseResource(patchedInput(resourceSchema, stands, { ...withoutTimer, ...patch }))
}

/** The same resource under another key, without what signs its mail. */
export const clonedResource = (stands: StoredResource, as: { key: string; name?: string }): ParsedResource =>
  parseResource(patchedInput(resourceSchema, stands, { ...as, dkim: null }))

function refuseKey(patch: object): void {
  if (!('key' in patch)) return
  throw new Refusal({
    field: 'key',
    rule: 'is immutable: campaigns and other systems name the resource by it',
    remedy: 'Leave it out; clone the resource to have it under another key.',
  })
}

function timerOf({ unsubscribeMode, unsubscribeTimerSeconds }: ParsedResource): number | null {
  if (unsubscribeMode === 'delayed') return unsubscribeTimerSeconds ?? longestTimerSeconds
  if (unsubscribeTimerSeconds === null) return null
  throw new Refusal({
    field: 'unsubscribeTimerSeconds',
    rule: 'belongs to the mode delayed alone',
    remedy: 'Set unsubscribeMode to delayed, or leave the timer out.',
  })
}

function refuseReplyNameAlone({ replyTo, replyToName }: ParsedResource): void {
  if (replyToName === null || replyTo !== null) return
  throw new Refusal({
    field: 'replyToName',
    rule: 'needs an address beside it',
    remedy: 'Give replyTo as well, or leave the name out.',
  })
}

/** In these modes the page itself confirms, and has to name the message. */
function refuseBlindPage({ unsubscribeMode, unsubscribePageUrl }: ParsedResource): void {
  const confirms = unsubscribeMode === 'confirm' || unsubscribeMode === 'delayed'
  if (!confirms || unsubscribePageUrl === null || tellsMessage(unsubscribePageUrl)) return
  throw new Refusal({
    field: 'unsubscribePageUrl',
    rule: `must hold {send_message_id} in the mode ${unsubscribeMode}: without it the page cannot tell who confirms`,
    remedy: 'Add it, for example as ?smid={send_message_id}.',
  })
}
