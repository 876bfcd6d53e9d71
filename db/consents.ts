import { sql } from 'kysely'
import type { Sql } from './audience-facts.ts'
import type { Db } from './connect.ts'
import type { Id, SubscriptionStatus } from './schema.ts'

/** What a contact's consent to one category comes to (the SQL function `consent_of` has the precedence). */
export interface Consent {
  categoryId: Id
  status: SubscriptionStatus | 'not_subscribed'
  /** What decided it: an opt-out from everything, one from the resource, or what was said (or not) of the category. */
  source: 'everything' | 'resource' | 'category'
  legalBasis: string | null
  explanation: string | null
  /** Null where nothing was ever said. */
  changedAt: Date | null
}

/** One contact's consent to every category that is not deleted, by category id. @param resourceId by default of all resources. */
export const consentsOf = (db: Db, contactId: Id, channel: string, resourceId: Id | null = null): Promise<Consent[]> =>
  consents(
    db,
    contactId,
    channel,
    sql`deleted_at is null and (${resourceId}::bigint is null or resource_id = ${resourceId}::bigint)`,
  )

export interface TitledConsent extends Consent {
  /** Key and title of the category, and the name of its resource. */
  category: string
  title: string
  resource: string
}

/** One contact's consent to these categories, for people to read; by default to every one that is not deleted. */
export async function titledConsents(
  db: Db,
  contactId: Id,
  channel: string,
  categoryIds: readonly Id[] | null = null,
): Promise<TitledConsent[]> {
  const which = categoryIds === null ? sql`deleted_at is null` : sql`id = any(${categoryIds}::bigint[])`
  const found = await consents(db, contactId, channel, which)
  const { rows } = await sql<Omit<TitledConsent, keyof Consent>>`
    select category.key as category, category.title, resource.name as resource
    from unnest(${found.map((each) => each.categoryId)}::bigint[]) as given (id)
    join category using (id) join resource on resource.id = category.resource_id
    order by category.id`.execute(db)
  return found.flatMap((consent, index) => (rows[index] === undefined ? [] : [{ ...consent, ...rows[index] }]))
}

/** @returns undefined when there is no such category. */
export const consentOf = async (db: Db, contactId: Id, categoryId: Id, channel: string): Promise<Consent | undefined> =>
  (await consents(db, contactId, channel, sql`id = ${categoryId}::bigint`))[0]

async function consents(db: Db, contactId: Id, channel: string, categories: Sql): Promise<Consent[]> {
  const { rows } = await sql<Consent>`
    select category.id as "categoryId", consent.status, consent.source, consent.legal_basis as "legalBasis",
      consent.explanation, consent.changed_at as "changedAt"
    from (select id from category where ${categories}) as category
    cross join lateral consent_of(${contactId}::bigint, category.id, ${channel}) as consent
    order by category.id`.execute(db)
  return rows
}
