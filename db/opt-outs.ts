import { sql } from 'kysely'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'
import { type AccessGroup, isVisible } from './visible.ts'

export interface OptOutRow {
  contactId: Id
  /** Key of the resource; null: from everything. */
  resource: string | null
  resourceId: Id | null
  /** Null: on every channel. */
  channel: string | null
  source: string
  createdAt: Date
}

export interface OptOutPage {
  contactId: Id | null
  after: { contactId: Id; resourceId: Id | null; channel: string | null } | null
  limit: number
  group: AccessGroup
}

/** Opt-outs by contact. Who sees one group of resources sees the opt-outs from these alone. */
export async function pageOfOptOuts(db: Db, { contactId, after, limit, group }: OptOutPage): Promise<OptOutRow[]> {
  const { rows } = await sql<OptOutRow>`
    select contact_id as "contactId", resource.key as resource, opt_out.resource_id as "resourceId", opt_out.channel,
      opt_out.source, opt_out.created_at as "createdAt"
    from opt_out left join resource on resource.id = opt_out.resource_id
    where (${contactId}::bigint is null or contact_id = ${contactId}::bigint)
      and (${group}::text is null or ${isVisible(group)})
      and (contact_id, coalesce(opt_out.resource_id, 0), coalesce(opt_out.channel, ''))
        > (${after?.contactId ?? '-1'}::bigint, ${after?.resourceId ?? '0'}::bigint, ${after?.channel ?? ''}::text)
    order by contact_id, coalesce(opt_out.resource_id, 0), coalesce(opt_out.channel, '')
    limit ${limit}`.execute(db)
  return rows
}
