import type { Generated } from 'kysely'
import type { ApiScope } from '../domain/api-key.ts'
import type { Id } from './schema.ts'

/** The part of the schema that lets other systems in. */
export interface ApiTables {
  api_key: {
    id: Generated<Id>
    name: string
    hash: Buffer
    scopes: ApiScope[]
    access_group: string | null
    requests_per_second: number
    created_by: string
    created_at: Generated<Date>
    last_used_at: Date | null
    revoked_at: Date | null
  }
  api_answer: {
    api_key_id: Id
    idempotency_key: string
    request_hash: Buffer
    status: number | null
    body: string | null
    created_at: Generated<Date>
  }
}
