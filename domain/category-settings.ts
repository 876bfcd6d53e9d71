import { z } from 'zod'
import { distinct, key, line, optional, otherwise, paragraphs } from './field-rules.ts'
import { type FrequencyRule, frequencyPolicy } from './frequency-policy.ts'
import { parseInput, patchedInput } from './parse-input.ts'
import { Refusal } from './refusal.ts'
import { channelName } from './resource-channels.ts'

/** A category as it is stored. */
export interface CategorySettings {
  id: string
  key: string
  title: string
  description: string | null
  /** `opt_in`: who said nothing is not subscribed. `opt_out`: who said nothing is, until they say no. */
  consent: 'opt_in' | 'opt_out'
  /** Names of channels that it applies to; null: all. */
  channels: string[] | null
  purpose: string | null
  communicationMethod: string | null
  isDefault: boolean
  /** Shown to nobody outside. */
  isInternal: boolean
  /** Whoever is subscribed cannot unsubscribe on the preference page. */
  isRequired: boolean
  /** Shown on the preference page. */
  isListed: boolean
  /** Who subscribes is asked by mail, and is `pending` until they confirm. */
  doubleOptIn: boolean
  frequencyPolicy: FrequencyRule[] | null
  createdAt: Date
  updatedAt: Date
  archivedAt: Date | null
}

/** Everything that a category can be set to, field by field. */
export const categorySchema = z.strictObject({
  /** Key of the resource that it belongs to; immutable. */
  resource: z.string(),
  /** Immutable; made from the title when absent. */
  key: key(60).optional(),
  title: line(200),
  description: optional(paragraphs),
  consent: otherwise(z.enum(['opt_in', 'opt_out']), 'opt_in'),
  /** Names of channels that it applies to; absent: all. */
  channels: optional(distinct(channelName, 20).refine((names) => names.length > 0, 'must name a channel')),
  /** As in HubSpot: "Marketing". */
  purpose: optional(line(100)),
  /** As in HubSpot: "Email". */
  communicationMethod: optional(line(100)),
  isDefault: otherwise(z.boolean(), false),
  isInternal: otherwise(z.boolean(), false),
  isRequired: otherwise(z.boolean(), false),
  isListed: otherwise(z.boolean(), true),
  doubleOptIn: otherwise(z.boolean(), false),
  frequencyPolicy: optional(frequencyPolicy),
})

/** What people hand to `categories.create`. */
export type NewCategory = z.input<typeof categorySchema>
/** What can be changed: a field that is absent stays as it is, null clears it. */
export type CategoryPatch = Partial<Omit<NewCategory, 'key' | 'resource'>>
/** Every field checked and filled in. */
export type ParsedCategory = z.output<typeof categorySchema>

/** @throws {Refusal} naming the field, the rule and the remedy. */
export function parseCategory(input: unknown): ParsedCategory {
  const parsed = parseInput(categorySchema, input, 'a category')
  if (!parsed.doubleOptIn || parsed.consent === 'opt_in') return parsed
  throw new Refusal({
    field: 'doubleOptIn',
    rule: 'needs consent opt_in: in an opt_out category nobody is asked',
    remedy: 'Leave out one of the two.',
  })
}

/** Applies a patch to what stands. @throws {Refusal} also for a change that would subscribe people without asking. */
export function patchedCategory(stands: CategorySettings & { resource: string }, patch: CategoryPatch): ParsedCategory {
  for (const field of ['key', 'resource'].filter((name) => name in patch))
    throw new Refusal({ field, rule: 'is immutable', remedy: 'Leave it out; create another category.' })
  if (stands.consent === 'opt_in' && patch.consent === 'opt_out')
    throw new Refusal({
      field: 'consent',
      rule: 'cannot become opt_out: everybody who said nothing would be subscribed without being asked',
      remedy: 'Create another category.',
    })
  return parseCategory(patchedInput(categorySchema, stands, patch))
}
