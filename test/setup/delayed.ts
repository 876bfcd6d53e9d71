import { sql } from 'kysely'
import type { Db } from '../../db/connect.ts'
import type { Id } from '../../db/schema.ts'
import { type SentMessage, seedSent } from './unsubscribe-seed.ts'

/** What a click on the page says. */
export const clicked = { wording: 'modes-en-1', ip: '192.0.2.7', userAgent: 'Phone/1' }

export const confirming = { through: 'page' as const, actor: null, wording: null, ip: null, userAgent: null }

/** A message of a resource whose unsubscribes wait ten minutes. */
export async function seedDelayed(db: Db, options: Parameters<typeof seedSent>[1] = {}): Promise<SentMessage> {
  const sent = await seedSent(db, options)
  await setMode(db, sent.resourceId, { unsubscribe_mode: 'delayed', unsubscribe_timer_seconds: 600 })
  return sent
}

interface Mode {
  unsubscribe_mode: 'instant' | 'confirm' | 'delayed' | 'prohibited'
  unsubscribe_timer_seconds?: number
  unsubscribe_page_url?: string
  prohibited_reason?: string
  site_urls?: string[]
}

export const setMode = (db: Db, resourceId: Id, mode: Mode) =>
  db
    .updateTable('resource')
    .set({ unsubscribe_timer_seconds: null, ...mode })
    .where('id', '=', resourceId)
    .execute()

/** As if they had been started so much earlier. */
export const makeOverdue = (db: Db, resourceId: Id, seconds = 60) =>
  sql`update pending_unsubscribe set due_at = now() - make_interval(secs => ${seconds})
    where resource_id = ${resourceId}::bigint`.execute(db)

/** State and channel of each row, leaders first. */
export const pendingsOf = (db: Db, resourceId: Id) =>
  db
    .selectFrom('pending_unsubscribe')
    .select(['contact_id', 'category_id', 'state', 'settled_through'])
    .where('resource_id', '=', resourceId)
    .orderBy(sql`lead_id nulls first`)
    .orderBy('id')
    .execute()
