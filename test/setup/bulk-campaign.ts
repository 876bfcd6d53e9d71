import { sql } from 'kysely'
import type { Db } from '../../db/connect.ts'
import type { Id } from '../../db/schema.ts'
import type { CampaignDefinition } from '../../domain/campaign-definition.ts'
import type { Installation } from './installation.ts'
import { seedCategory } from './seed.ts'

/** A category with this many new subscribers. */
export async function seedSubscribers(db: Db, resourceId: Id, size: number): Promise<{ key: string }> {
  const category = await seedCategory(db, resourceId)
  await sql`
    with person as (insert into contact (first_name) select 'Ada' from generate_series(1, ${size}::int) returning id),
    address as (insert into contact_address (contact_id, channel, value, address_key)
      select id, 'email', 'c' || id || '@example.com', decode(md5(id::text), 'hex') from person)
    insert into subscription (category_id, contact_id, status, source)
    select ${category.id}, id, 'subscribed', 'test' from person`.execute(db)
  await sql`analyze`.execute(db)
  return category
}

/** Schedules a campaign to this many new contacts, at once, on behalf of the resource `acme`. */
export async function scheduleTo(
  installation: Installation,
  key: string,
  size: number,
  changes: Partial<CampaignDefinition> = {},
): Promise<void> {
  const { db, addressee } = installation
  const { id: resourceId } = await db.selectFrom('resource').select('id').executeTakeFirstOrThrow()
  const category = await seedSubscribers(db, resourceId, size)
  const content = { en: { subject: 'Hello', text: 'Hello {{ contact.first_name }} {{ unsubscribe_url }}' } }
  const definition = { key, resource: 'acme', categories: [category.key], content, now: true }
  await addressee.campaigns.schedule({ ...definition, ...changes })
}
