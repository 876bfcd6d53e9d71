import { sql } from 'kysely'
import type { ApiScope } from '../domain/api-key.ts'
import { Refusal } from '../domain/refusal.ts'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'

export interface ApiKeyRow {
  id: Id
  name: string
  scopes: ApiScope[]
  /** Null: every resource. */
  accessGroup: string | null
  requestsPerSecond: number
  createdBy: string
  createdAt: Date
  /** To the minute. Null: never. */
  lastUsedAt: Date | null
  revokedAt: Date | null
}

const shown = sql`id, name, scopes, access_group as "accessGroup", requests_per_second as "requestsPerSecond",
  created_by as "createdBy", created_at as "createdAt", last_used_at as "lastUsedAt", revoked_at as "revokedAt"`

/** @throws {Refusal} when a key that is not revoked has the name. */
export async function createApiKey(
  db: Db,
  key: Pick<ApiKeyRow, 'name' | 'scopes' | 'accessGroup' | 'requestsPerSecond' | 'createdBy'> & { hash: Buffer },
): Promise<ApiKeyRow> {
  const { rows } = await sql<ApiKeyRow>`
    insert into api_key (name, hash, scopes, access_group, requests_per_second, created_by)
    values (${key.name}, ${key.hash}, ${key.scopes}::text[], ${key.accessGroup}, ${key.requestsPerSecond}, ${key.createdBy})
    on conflict (name) where revoked_at is null do nothing
    returning ${shown}`.execute(db)
  const [created] = rows
  if (created !== undefined) return created
  throw new Refusal({
    field: 'name',
    rule: `there is a key ${key.name} already`,
    remedy: 'Choose another name, or revoke that key first.',
  })
}

/** The latest first, revoked ones among them. */
export async function listApiKeys(db: Db): Promise<ApiKeyRow[]> {
  const { rows } = await sql<ApiKeyRow>`select ${shown} from api_key order by id desc`.execute(db)
  return rows
}

/** @returns undefined when no key that is not revoked has the name. */
export async function revokeApiKey(db: Db, name: string): Promise<ApiKeyRow | undefined> {
  const { rows } = await sql<ApiKeyRow>`
    update api_key set revoked_at = now() where name = ${name} and revoked_at is null returning ${shown}`.execute(db)
  return rows[0]
}

/**
 * The key of this hash unless it is revoked. Asked for each request, by an index: so a revocation holds from its
 * commit on. The use is written down once a minute, and not for every request.
 */
export async function useApiKey(db: Db, hash: Buffer): Promise<ApiKeyRow | undefined> {
  const { rows } = await sql<ApiKeyRow>`
    with used as (
      update api_key set last_used_at = now()
      where hash = ${hash} and revoked_at is null
        and (last_used_at is null or last_used_at < now() - interval '1 minute')
    )
    select ${shown} from api_key where hash = ${hash} and revoked_at is null`.execute(db)
  return rows[0]
}
