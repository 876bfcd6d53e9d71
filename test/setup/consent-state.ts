import { sql } from 'kysely'
import { expect } from 'vitest'
import type { Db } from '../../db/connect.ts'
import type { Id } from '../../db/schema.ts'

/** Everything that consent is made of, as lines that can be compared. */
export async function consentRows(db: Db): Promise<{ subscriptions: Map<string, string>; optOuts: Set<string> }> {
  const subscriptions = await db.selectFrom('subscription').select(['contact_id', 'category_id', 'status']).execute()
  const optOuts = await db.selectFrom('opt_out').select(['contact_id', 'resource_id', 'channel']).execute()
  return {
    subscriptions: new Map(subscriptions.map((row) => [`${row.contact_id} ${row.category_id}`, row.status])),
    optOuts: new Set(optOuts.map((row) => `${row.contact_id} ${row.resource_id} ${row.channel}`)),
  }
}

type Rows = Awaited<ReturnType<typeof consentRows>>

/** The events that would prove exactly the differences. */
export const differences = (before: Rows, after: Rows): string[] =>
  [
    ...[...after.subscriptions]
      .filter(([key, status]) => before.subscriptions.get(key) !== status)
      .map(([key, status]) => `${status} ${key}`),
    ...[...after.optOuts].filter((key) => !before.optOuts.has(key)).map((key) => `opted_out ${key}`),
    ...[...before.optOuts].filter((key) => !after.optOuts.has(key)).map((key) => `opted_in ${key}`),
  ].toSorted()

/** The consent events after one, as the same lines. */
export async function eventsSince(db: Db, id: Id): Promise<string[]> {
  const events = await db.selectFrom('consent_event').selectAll().where('id', '>', id).execute()
  return events
    .map((event) =>
      event.category_id === null
        ? `${event.action} ${event.contact_id} ${event.resource_id} ${event.channel}`
        : `${event.action} ${event.contact_id} ${event.category_id}`,
    )
    .toSorted()
}

export const lastEvent = async (db: Db): Promise<Id> =>
  (await db.selectFrom('consent_event').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst())?.id ?? '0'

/** What consent comes to, for every contact and category, on e-mail. */
export async function effective(db: Db): Promise<Map<string, string>> {
  const { rows } = await sql<{ key: string; status: string }>`
    select contact.id || ' ' || category.id as key, consent.status
    from contact cross join category cross join lateral consent_of(contact.id, category.id, 'email') as consent`.execute(
    db,
  )
  return new Map(rows.map((row) => [row.key, row.status]))
}

/** Every event follows the one before for its contact, and says so. */
export async function expectUnbrokenChains(db: Db): Promise<void> {
  const { rows } = await sql`
    select id from (
      select *, row_number() over chain as place, lag(hash) over chain as hash_before from consent_event
      window chain as (partition by contact_id order by number)
    ) as event
    where number <> place or previous <> coalesce(hash_before, '')`.execute(db)
  expect(rows).toEqual([])
}
