import { z } from 'zod'
import { type ApiKeyRow, createApiKey, listApiKeys, revokeApiKey } from '../db/api-keys.ts'
import type { Connection } from '../db/connect.ts'
import { type ApiScope, apiKeyHash, apiScopes, newApiKey } from '../domain/api-key.ts'
import { Refusal } from '../domain/refusal.ts'

export interface NewApiKey {
  /** Consent events name it as the actor. Unique among the keys that are not revoked. */
  name: string
  scopes: ApiScope[]
  /** The key sees and changes only what belongs to resources of this group; absent: everything. */
  accessGroup?: string
  /** In each `addressee http` process; 50 when absent. */
  requestsPerSecond?: number
}

/** A key as people see it. Instants are ISO 8601 in UTC. */
export interface ApiKey extends Omit<ApiKeyRow, 'createdAt' | 'lastUsedAt' | 'revokedAt'> {
  createdAt: string
  /** To the minute. Null: never. */
  lastUsedAt: string | null
  revokedAt: string | null
}

export interface CreatedApiKey extends ApiKey {
  /** The key itself. Nobody can show it again. */
  key: string
}

const schema = z.strictObject({
  name: z.string('must be a string').trim().min(1, 'must not be empty').max(100, 'must have at most 100 characters'),
  scopes: z
    .array(z.enum(apiScopes, `must be one of ${apiScopes.join(', ')}`), 'must be a list of scopes')
    .min(1, 'must hold one scope at least'),
  accessGroup: z.string('must be a string').min(1, 'must not be empty').max(100).optional(),
  requestsPerSecond: z.int('must be a whole number').min(1, 'must be 1 at least').max(10_000).default(50),
})

/** Who may use the HTTP APIs. */
export class ApiKeys {
  readonly #database: Connection

  constructor(database: Connection) {
    this.#database = database
  }

  /** @throws {Refusal} naming the field that cannot be, and for a name that is taken. */
  async create(wanted: NewApiKey, options: { by?: string } = {}): Promise<CreatedApiKey> {
    const parsed = schema.safeParse(wanted)
    if (!parsed.success) throw refusalOf(parsed.error)
    const { accessGroup = null, scopes, ...rest } = parsed.data
    const key = newApiKey()
    const hash = apiKeyHash(key) as Buffer
    const createdBy = options.by ?? 'the client'
    const row = { ...rest, scopes: [...new Set(scopes)], accessGroup, hash, createdBy }
    return { ...shown(await createApiKey(this.#database.db, row)), key }
  }

  /** The latest first, revoked ones among them. */
  async list(): Promise<ApiKey[]> {
    return (await listApiKeys(this.#database.db)).map(shown)
  }

  /** Requests that come after it are refused. @throws {Refusal} when no key in use has the name. */
  async revoke(name: string): Promise<ApiKey> {
    const revoked = await revokeApiKey(this.#database.db, name)
    if (revoked !== undefined) return shown(revoked)
    throw new Refusal({
      field: 'name',
      rule: `there is no key ${name} that could be revoked`,
      remedy: 'Name one that is in use (addressee api-keys list).',
    })
  }
}

const shown = (row: ApiKeyRow): ApiKey => ({
  ...row,
  createdAt: row.createdAt.toISOString(),
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  revokedAt: row.revokedAt?.toISOString() ?? null,
})

function refusalOf(error: z.ZodError): Refusal {
  const [issue] = error.issues
  const field = issue?.path.join('.') || (issue?.code === 'unrecognized_keys' ? (issue.keys[0] ?? '') : '')
  return new Refusal({ field, rule: issue?.message ?? 'is wrong', remedy: 'Correct it and create the key again.' })
}
