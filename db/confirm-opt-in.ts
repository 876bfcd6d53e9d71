import { sql } from 'kysely'
import type { OptInClaims } from '../domain/link-token.ts'
import { changeConsent } from './change-consent.ts'
import type { Db } from './connect.ts'
import { type ConsentAct, takeTurn } from './consent.ts'
import type { PreferenceScope } from './preferences.ts'
import type { Id } from './schema.ts'

/** What a confirmation link is about. */
export interface OptInSubject extends PreferenceScope {
  categoryId: Id
  category: string
  description: string | null
  resource: string
  colour: string | null
  language: string | null
  address: string | null
}

/**
 * - `open`: it waits for the button. `confirmed`: it is done. `over`: too late, or withdrawn.
 * - `gone`: the request, the contact or the category is not known any more.
 */
export type DescribedOptIn = { kind: 'open' | 'confirmed' | 'over'; subject: OptInSubject } | { kind: 'gone' }

export const describeOptIn = async (db: Db, claims: OptInClaims): Promise<DescribedOptIn> => {
  const row = await read(db, claims)
  return row === undefined ? { kind: 'gone' } : { kind: row.kind, subject: row }
}

/**
 * The person confirms: they are subscribed, whatever they had refused before, and with them every contact that has the
 * address (db/change-consent.ts). Confirming again changes nothing.
 */
export const confirmOptIn = (
  db: Db,
  claims: OptInClaims,
  act: Omit<ConsentAct, 'campaignId'>,
): Promise<DescribedOptIn> =>
  db.transaction().execute(async (db) => {
    await takeTurn(db)
    const row = await read(db, claims)
    if (row === undefined) return { kind: 'gone' }
    if (row.kind !== 'open') return { kind: row.kind, subject: row }
    const { legalBasis, explanation } = row
    await changeConsent(
      db,
      row,
      { on: [row.categoryId], off: [] },
      { ...act, legalBasis, explanation, campaignId: null },
    )
    await settle(db, claims.requestId)
    return { kind: 'confirmed', subject: row }
  })

interface Row extends OptInSubject {
  kind: 'open' | 'confirmed' | 'over'
  legalBasis: string | null
  explanation: string | null
}

async function read(db: Db, { requestId, contactId }: OptInClaims): Promise<Row | undefined> {
  const { rows } = await sql<Omit<Row, 'keys'> & { key: Buffer }>`
    select
      case when request.state = 'confirmed' then 'confirmed'
        when request.state = 'pending' and request.expires_at > now() then 'open' else 'over' end as kind,
      request.legal_basis as "legalBasis", request.explanation, request.channel, request.address_key as key,
      contact.id as "contactId", contact.language, address.value as address,
      category.id as "categoryId", category.title as category, category.description,
      resource.id as "resourceId", resource.name as resource, resource.colour
    from opt_in_request as request
    join contact on contact.id = request.contact_id
    join category on category.id = request.category_id and category.archived_at is null and category.deleted_at is null
    join resource on resource.id = category.resource_id and resource.deleted_at is null
    left join contact_address as address on address.contact_id = contact.id and address.channel = request.channel
      and address.address_key = request.address_key
    where request.id = ${requestId}::bigint and request.contact_id = ${contactId}::bigint
    limit 1`.execute(db)
  const [row] = rows
  return row && { ...row, keys: [row.key] }
}

/** Whoever reads our mail there has the address. */
async function settle(db: Db, requestId: Id): Promise<void> {
  await sql`
    with confirmed as (
      update opt_in_request set state = 'confirmed', settled_at = now() where id = ${requestId}::bigint
      returning address_key, channel
    )
    update contact_address as address set status = 'active', status_reason = null, status_at = now()
    from confirmed
    where address.address_key = confirmed.address_key and address.channel = confirmed.channel
      and address.status = 'unconfirmed'`.execute(db)
}
