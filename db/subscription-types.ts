import { sql } from 'kysely'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'
import { type AccessGroup, isVisible } from './visible.ts'

/** A category as systems see it that know subscription types. */
export interface SubscriptionType {
  id: Id
  key: string
  resourceId: Id
  resourceKey: string
  name: string
  description: string | null
  isActive: boolean
  isDefault: boolean
  isInternal: boolean
  communicationMethod: string | null
  purpose: string | null
  createdAt: Date
  updatedAt: Date
}

/** The categories that a group sees. @param id of one of them; null: all. */
export async function subscriptionTypes(db: Db, group: AccessGroup, id: Id | null = null): Promise<SubscriptionType[]> {
  const { rows } = await sql<SubscriptionType>`
    select category.id, category.key, category.resource_id as "resourceId", resource.key as "resourceKey", category.title as name, category.description,
      category.archived_at is null as "isActive", category.is_default as "isDefault",
      category.is_internal as "isInternal", category.communication_method as "communicationMethod", category.purpose,
      category.created_at as "createdAt", category.updated_at as "updatedAt"
    from category join resource on resource.id = category.resource_id
    where category.deleted_at is null and resource.deleted_at is null and ${isVisible(group)}
      and (${id}::bigint is null or category.id = ${id}::bigint)
    order by category.id`.execute(db)
  return rows
}
