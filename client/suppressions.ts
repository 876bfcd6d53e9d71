import type { Connection } from '../db/connect.ts'
import {
  findSuppression,
  liftSuppression,
  pageOfSuppressions,
  type SuppressionRow,
  suppressAddress,
} from '../db/suppressions.ts'
import type { SuppressionKind } from '../domain/audience-rule.ts'
import { Refusal } from '../domain/refusal.ts'
import { emailKey } from './contact-ref.ts'

const channel = 'email'

/** A suppressed address, which is not kept in a form that can be read. Instants are ISO 8601 in UTC. */
export interface Suppression {
  /** Channel and address key, such as `email-0f…`: 32 hexadecimal digits. */
  id: string
  channel: string
  kind: SuppressionKind
  reason: string | null
  createdAt: string
}

/** Addresses that must not be mailed whatever anyone subscribes to. */
export class Suppressions {
  readonly #database: Connection

  constructor(database: Connection) {
    this.#database = database
  }

  /** Suppresses an address; one that is suppressed stays so, as it was recorded. @throws {Refusal} for what is none. */
  async create(suppression: {
    email: string
    kind?: SuppressionKind | undefined
    reason?: string | undefined
  }): Promise<Suppression & { created: boolean }> {
    const { db } = this.#database
    const addressKey = await emailKey(db, suppression.email)
    const { kind = 'blacklisted', reason = null } = suppression
    const { row, created } = await suppressAddress(db, { addressKey, channel, kind, reason })
    return { ...shown(row), created }
  }

  /** The suppression of one address; undefined when there is none. @throws {Refusal} for what is no address. */
  async find(email: string): Promise<Suppression | undefined> {
    const { db } = this.#database
    const found = await findSuppression(db, await emailKey(db, email), channel)
    return found && shown(found)
  }

  /** @param page.after the id of the last one of the page before. */
  async list(page: { after?: string; limit?: number } = {}): Promise<Suppression[]> {
    const after = page.after === undefined ? null : readId(page.after)
    return (await pageOfSuppressions(this.#database.db, { after, limit: page.limit ?? 50 })).map(shown)
  }

  /** The address may be mailed again. @throws {Refusal} when there is no such suppression. */
  async remove(id: string): Promise<void> {
    const { addressKey, channel } = readId(id)
    if (await liftSuppression(this.#database.db, addressKey, channel)) return
    throw unknown(id)
  }
}

const shown = ({ addressKey, createdAt, ...row }: SuppressionRow): Suppression => ({
  id: `${row.channel}-${addressKey.toString('hex')}`,
  ...row,
  createdAt: createdAt.toISOString(),
})

function readId(id: string): Pick<SuppressionRow, 'addressKey' | 'channel'> {
  const [, channel, key] = /^([a-z_]{1,30})-([0-9a-f]{32})$/.exec(id) ?? []
  if (channel === undefined || key === undefined) throw unknown(id)
  return { channel, addressKey: Buffer.from(key, 'hex') }
}

const unknown = (id: string): Refusal =>
  new Refusal({ field: 'suppression', rule: `there is no suppression ${id}`, remedy: 'Give the id of one.' })
