import { sql } from 'kysely'
import { Refusal } from '../domain/refusal.ts'
import { requireCategory } from './categories.ts'
import type { Db } from './connect.ts'
import { recordConsent, shareTurn } from './consent.ts'
import type { Id } from './schema.ts'

/** Who takes contacts out, and by which way they told us. */
export interface Excluding {
  by: string
  through: 'api' | 'operator'
}

/** A transaction for each: emptying a large category must not keep its contacts' history locked until the end. */
const batchSize = 5_000

/**
 * Takes every contact out of a category: the rows go, and each has its proof. A refusal stays one, for nobody has taken
 * it back; who is taken out has refused nothing, and may subscribe again.
 * @returns how many were in it.
 * @throws {Refusal} for an opt_out category: whoever said nothing belongs to it.
 */
export async function emptyCategory(db: Db, key: string, who: Excluding): Promise<number> {
  await refuseOptOut(db, await requireCategory(db, key), key)
  let excluded = 0
  for (;;) {
    const batch = await db.transaction().execute(async (db) => {
      await shareTurn(db)
      const id = await requireCategory(db, key)
      await holdRequests(db, id)
      const { rows } = await sql<{ contact_id: Id }>`
        select contact_id from subscription where category_id = ${id} and status <> 'unsubscribed'
        order by contact_id limit ${batchSize} for update`.execute(db)
      return takeOut(
        db,
        id,
        rows.map((row) => row.contact_id),
        who,
      )
    })
    excluded += batch
    if (batch === 0) return excluded
  }
}

/**
 * Takes contacts out of a category. In an opt_out category that has to be written down as a refusal: without a row they
 * would belong to it.
 * @returns how many were in it.
 */
export async function excludeContacts(db: Db, key: string, contactIds: Id[], who: Excluding): Promise<number> {
  return db.transaction().execute(async (db) => {
    await shareTurn(db)
    const id = await requireCategory(db, key)
    await holdRequests(db, id)
    return (await isOptOut(db, id)) ? refuseFor(db, id, contactIds, who) : takeOut(db, id, contactIds, who)
  })
}

/** Before the subscriptions, as whoever ends requests takes them (db/refuse.ts has the order). */
async function holdRequests(db: Db, categoryId: Id): Promise<void> {
  await sql`select id from opt_in_request where category_id = ${categoryId} and state = 'pending' order by id for update`.execute(
    db,
  )
}

async function takeOut(db: Db, categoryId: Id, contactIds: Id[], who: Excluding): Promise<number> {
  const { rows } = await sql<{ contact_id: Id }>`
    with gone as (
      delete from subscription
      where category_id = ${categoryId} and contact_id = any(${contactIds}::bigint[]) and status <> 'unsubscribed'
      returning contact_id
    ), withdrawn as (
      update opt_in_request set state = 'withdrawn', settled_at = now()
      where category_id = ${categoryId} and contact_id = any(${contactIds}::bigint[]) and state = 'pending'
    )
    select contact_id from gone order by contact_id`.execute(db)
  return record(db, categoryId, rows, who)
}

async function refuseFor(db: Db, categoryId: Id, contactIds: Id[], who: Excluding): Promise<number> {
  const { rows } = await sql<{ contact_id: Id }>`
    with refused as (
      insert into subscription (category_id, contact_id, status, source)
      select ${categoryId}, id, 'unsubscribed', ${who.through} from unnest(${contactIds}::bigint[]) as id order by id
      on conflict (category_id, contact_id) do update
        set status = 'unsubscribed', source = excluded.source, legal_basis = null, explanation = null, changed_at = now()
        where subscription.status <> 'unsubscribed'
      returning contact_id
    )
    select contact_id from refused order by contact_id`.execute(db)
  return record(db, categoryId, rows, who)
}

async function record(db: Db, categoryId: Id, rows: { contact_id: Id }[], { by, through }: Excluding): Promise<number> {
  const explanation = 'taken out of the category'
  const proof = {
    category_id: categoryId,
    action: 'unsubscribed',
    through,
    actor: by,
    explanation,
  } as const
  await recordConsent(
    db,
    rows.map(({ contact_id }) => ({ contact_id, ...proof })),
  )
  return rows.length
}

async function refuseOptOut(db: Db, id: Id, key: string): Promise<void> {
  if (!(await isOptOut(db, id))) return
  throw new Refusal({
    field: 'category',
    rule: `category ${key} is opt_out: whoever said nothing belongs to it, and it cannot be emptied`,
    remedy: 'Archive or delete it, or take out single contacts.',
  })
}

const isOptOut = async (db: Db, id: Id): Promise<boolean> =>
  (await db.selectFrom('category').select('consent').where('id', '=', id).executeTakeFirstOrThrow()).consent ===
  'opt_out'
