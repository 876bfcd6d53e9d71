import { z } from 'zod'
import { eventKinds } from '../domain/event-kind.ts'
import { Refusal } from '../domain/refusal.ts'

const text = z.string('must be a text').min(1, 'must not be empty').max(200, 'must have at most 200 characters')

const webhook = z.strictObject({
  url: z.string('must be a URL').exactOptional(),
  description: text.nullable().exactOptional(),
  kinds: z
    .array(z.enum(eventKinds, `must be one of ${eventKinds.join(', ')}`), 'must be a list of kinds of events')
    .min(1, 'must name a kind')
    .nullable()
    .exactOptional(),
  resource: z.string('must be the key of a resource').nullable().exactOptional(),
  accessGroup: text.nullable().exactOptional(),
})

/** What was given of a webhook. @throws {Refusal} naming the field that cannot be. */
export const checkWebhook = (given: object) => checked(webhook, given)

const replay = z.union([
  z.strictObject({ since: z.iso.datetime({ offset: true }) }),
  z.strictObject({ event: z.string().regex(/^(evt_)?\d{1,18}$/) }),
])

/** @throws {Refusal} */
export function checkReplay(given: object): { since: Date } | { eventId: string } {
  const parsed = replay.safeParse(given)
  if (parsed.success)
    return 'since' in parsed.data
      ? { since: new Date(parsed.data.since) }
      : { eventId: parsed.data.event.replace('evt_', '') }
  throw new Refusal({
    field: 'since' in given ? 'since' : 'event',
    rule: 'must be either since, an ISO 8601 time with an offset, or event, the id of one event',
    remedy: 'Give one of them, such as 2030-01-31T09:00:00+01:00.',
  })
}

const page = z.strictObject({
  state: z.enum(['pending', 'delivered', 'failed'], 'must be pending, delivered or failed').exactOptional(),
  before: z
    .string()
    .regex(/^\d{1,18}$/, 'must be the id of an event')
    .exactOptional(),
  limit: z.int('must be a whole number').min(1, 'must be at least 1').max(1000, 'must be at most 1000').default(50),
})

/** @throws {Refusal} naming the field that cannot be. */
export const checkDeliveriesPage = (given: object) => checked(page, given)

function checked<S extends z.ZodType>(schema: S, given: object): z.output<S> {
  const parsed = schema.safeParse(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = String(issue?.path[0] ?? (issue?.code === 'unrecognized_keys' ? issue.keys[0] : ''))
  throw new Refusal({ field, rule: issue?.message ?? 'is wrong', remedy: 'Correct it and repeat the call.' })
}
