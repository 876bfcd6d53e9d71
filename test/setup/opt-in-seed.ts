import type { Db } from '../../db/connect.ts'
import type { ConsentAct } from '../../db/consent.ts'
import type { Id } from '../../db/schema.ts'
import { seedCategory, seedContact, seedResource } from './seed.ts'
import { tokens } from './unsubscribe-seed.ts'

export const asked: ConsentAct = {
  through: 'api',
  actor: 'shop',
  legalBasis: 'consent',
  explanation: 'ticked the box',
  wording: null,
  ip: null,
  userAgent: null,
  campaignId: null,
}

/** A category with double opt-in, and a contact who has said nothing. */
export async function seedOptIn(db: Db, options: { address?: string | null; resourceId?: Id } = {}) {
  const resourceId = options.resourceId ?? (await seedResource(db))
  const category = await seedCategory(db, resourceId)
  const title = { title: 'Weekly news', double_opt_in: true }
  await db.updateTable('category').set(title).where('id', '=', category.id).execute()
  const contactId = await seedContact(db, options.address === undefined ? {} : { address: options.address })
  return { resourceId, categoryId: category.id, categoryKey: category.key, contactId, channel: 'email' }
}

export const requestsOf = (db: Db, categoryId: Id) =>
  db.selectFrom('opt_in_request').selectAll().where('category_id', '=', categoryId).orderBy('id').execute()

export const optInToken = (requestId: Id, contactId: Id): string =>
  tokens.sign({ scope: 'opt_in', requestId, contactId })

/** Every consent event of a category, oldest first. */
export const eventsAbout = (db: Db, categoryId: Id) =>
  db.selectFrom('consent_event').selectAll().where('category_id', '=', categoryId).orderBy('id').execute()
