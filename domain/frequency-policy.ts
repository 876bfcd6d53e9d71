import { z } from 'zod'

const rule = z
  .strictObject({
    messages: z.int().min(1, 'must be at least 1').max(10_000, 'must be at most 10000'),
    hours: z.int().min(1, 'must be at least 1').max(8760, 'must be at most 8760').optional(),
    days: z.int().min(1, 'must be at least 1').max(365, 'must be at most 365').optional(),
  })
  .refine(({ hours, days }) => (hours === undefined) !== (days === undefined), 'must have either hours or days')
  .transform(
    ({ messages, hours, days }): FrequencyRule =>
      hours === undefined ? { messages, days: days as number } : { messages, hours },
  )

/** At most `messages` in any window of so many hours or days (SPEC: the audience rule, 10). */
export interface FrequencyRule {
  messages: number
  hours?: number
  days?: number
}

/** All of the rules hold at once. No rule and null are the same: as many messages as there are. */
export const frequencyPolicy = z
  .array(rule)
  .max(10, 'must have at most 10 rules')
  .transform((rules) => (rules.length === 0 ? null : rules))
