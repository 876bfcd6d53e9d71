import { sql } from 'kysely'
import type { Db } from './connect.ts'
import type { Id, SubscriptionStatus } from './schema.ts'

/** What a contact said about one category of a resource. */
export interface Subscriber {
  contactId: Id
  externalId: string | null
  /** Where the contact is reached on the channel asked for; null: nowhere. */
  address: string | null
  /** Key of the category. */
  category: string
  status: SubscriptionStatus
  since: Date
}

export interface SubscribersPage {
  subscribers: Subscriber[]
  /** Where the next page begins; null: this was the last. */
  next: { contactId: Id; categoryId: Id } | null
}

/**
 * Everybody who said something about a category of the resource, contact by contact: also of a resource or a category
 * that was deleted.
 */
export async function pageOfSubscribers(
  db: Db,
  resourceId: Id,
  page: { channel: string; after: SubscribersPage['next']; limit: number },
): Promise<SubscribersPage> {
  const { contactId, categoryId } = page.after ?? { contactId: '0', categoryId: '0' }
  const { rows } = await sql<Subscriber & { categoryId: Id }>`
    select contact.id as "contactId", contact.external_id as "externalId", address.value as address,
      category.key as category, category.id as "categoryId", subscription.status, subscription.changed_at as since
    from subscription
    join category on category.id = subscription.category_id and category.resource_id = ${resourceId}
    join contact on contact.id = subscription.contact_id
    left join lateral (
      select held.value from contact_address held
      left join resource_address preferred
        on (preferred.contact_id, preferred.channel, preferred.value) = (held.contact_id, held.channel, held.value)
        and preferred.resource_id = ${resourceId}
      where held.contact_id = contact.id and held.channel = ${page.channel}
      order by held.status = 'active' desc, coalesce(preferred.priority, 0) desc, held.priority desc, held.value limit 1
    ) as address on true
    where (subscription.contact_id, subscription.category_id) > (${contactId}::bigint, ${categoryId}::bigint)
    order by subscription.contact_id, subscription.category_id limit ${page.limit + 1}`.execute(db)
  const shown = rows.slice(0, page.limit)
  const last = rows.length > page.limit ? shown.at(-1) : undefined
  return {
    subscribers: shown.map(({ categoryId: _categoryId, ...subscriber }) => subscriber),
    next: last === undefined ? null : { contactId: last.contactId, categoryId: last.categoryId },
  }
}
