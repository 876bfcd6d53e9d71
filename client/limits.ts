import { z } from 'zod'
import type { Connection } from '../db/connect.ts'
import { type LimitRow, listLimits, removeLimit, setLimit } from '../db/limits.ts'
import { requireResource } from '../db/resources.ts'
import {
  checkLimitKey,
  fastestPerSecond,
  type LimitRef,
  type LimitScope,
  limitScopes,
  longestWarmUpDays,
  slowestPerSecond,
} from '../domain/limit.ts'
import { Refusal } from '../domain/refusal.ts'

export interface NewLimit {
  scope: LimitScope
  /** Host name of the mail server, key of the resource or the campaign, or domain of recipients. */
  key: string
  /** Messages a second; less than one is possible, such as 0.5. */
  perSecond?: number
  /** How many on the first day, the second, and so on; no cap afterwards. */
  perDay?: number[]
  /** The first of these days in UTC, as YYYY-MM-DD. Absent: today. */
  startsOn?: string
}

/** A limit as people see it. Instants are ISO 8601 in UTC. */
export interface Limit extends Omit<LimitRow, 'changedAt'> {
  changedAt: string
}

const rate = `must be a number from ${slowestPerSecond} to ${fastestPerSecond}`
const cap = 'must be a whole number from 1 on'
/** PostgreSQL's integer. */
const mostPerDay = 2 ** 31 - 1
const date = 'must be a date from 2000 on'

const schema = z.strictObject({
  scope: z.enum(limitScopes, `must be one of ${limitScopes.join(', ')}`),
  key: z.string('must be a string'),
  perSecond: z.number(rate).min(slowestPerSecond, rate).max(fastestPerSecond, rate).optional(),
  perDay: z
    .array(z.int(cap).min(1, cap).max(mostPerDay, `must be at most ${mostPerDay}`), 'must be a list of daily caps')
    .min(1, 'must hold the cap of one day at least')
    .max(longestWarmUpDays, `must hold the caps of at most ${longestWarmUpDays} days`)
    .optional(),
  startsOn: z.iso.date(date).regex(/^2/, date).optional(),
})

/** How fast messages may leave, and how many a day: for all workers together, and from the change on. */
export class Limits {
  readonly #database: Connection

  constructor(database: Connection) {
    this.#database = database
  }

  /**
   * Sets a limit in place of what it was: of a rate and daily caps, what is not given is no more. A campaign's may be
   * set before the campaign is scheduled.
   * @throws {Refusal} naming the field that cannot be.
   */
  async set(limit: NewLimit, options: { by?: string } = {}): Promise<Limit> {
    const { scope, perSecond = null, perDay = null, startsOn = null, ...given } = checked(limit)
    const key = checkLimitKey({ scope, key: given.key })
    if (scope === 'resource') await requireResource(this.#database.db, key)
    const settings = { perSecond, perDay, startsOn }
    return shown(await setLimit(this.#database.db, { scope, key }, settings, options.by ?? 'the client'))
  }

  /** @throws {Refusal} when there is no such limit. */
  async remove(scope: LimitScope, key: string): Promise<LimitRef> {
    const ref = { scope, key: checkLimitKey({ scope, key }) }
    if (await removeLimit(this.#database.db, ref)) return ref
    throw new Refusal({
      field: 'key',
      rule: `there is no limit of ${scope} ${ref.key}`,
      remedy: 'Name one that there is (addressee limits list).',
    })
  }

  async list(): Promise<Limit[]> {
    return (await listLimits(this.#database.db)).map(shown)
  }
}

const shown = (row: LimitRow): Limit => ({ ...row, changedAt: row.changedAt.toISOString() })

function checked(limit: NewLimit): z.output<typeof schema> {
  const parsed = schema.safeParse(limit)
  if (!parsed.success) throw refusalOf(parsed.error)
  const { perSecond, perDay, startsOn } = parsed.data
  if (perSecond === undefined && perDay === undefined)
    throw new Refusal({
      field: 'perSecond',
      rule: 'is missing, and so is perDay',
      remedy: 'Give one of them or both; to send without a limit, remove it.',
    })
  if (startsOn !== undefined && perDay === undefined)
    throw new Refusal({
      field: 'startsOn',
      rule: 'is the first day of perDay, which is missing',
      remedy: 'Give the daily caps too, or leave it out.',
    })
  return parsed.data
}

const remedies: Record<string, string> = {
  perSecond: 'Give messages a second, such as 50 or 0.5.',
  perDay: 'Give a cap for each day, such as 500, 1000, 2000.',
  startsOn: 'Write the day in UTC like 2030-01-31.',
}

function refusalOf(error: z.ZodError): Refusal {
  const [issue] = error.issues
  const field = issue?.path.join('.') || (issue?.code === 'unrecognized_keys' ? (issue.keys[0] ?? '') : '')
  const remedy = remedies[String(issue?.path[0])] ?? 'Correct it and set the limit again.'
  return new Refusal({ field, rule: issue?.message ?? 'is wrong', remedy })
}
