import { sql } from 'kysely'
import type { Db } from './connect.ts'
import type { ConsentAct, ConsentDifference } from './consent.ts'
import type { Id } from './schema.ts'

/**
 * Gives each contact the status in each category, whatever it was. A row is written even where none was: without one,
 * a category with consent `opt_out` counts as subscribed. The order is the lock order (db/refuse.ts).
 * @returns what was changed, for the consent events.
 */
export async function setStatus(
  db: Db,
  status: 'subscribed' | 'unsubscribed',
  { holders, categories }: { holders: readonly Id[]; categories: readonly Id[] },
  act: ConsentAct,
): Promise<ConsentDifference[]> {
  const { rows } = await sql<{ contact_id: Id; category_id: Id }>`
    insert into subscription (category_id, contact_id, status, source, legal_basis, explanation)
    select category_id, contact_id, ${status}, ${act.through}, ${act.legalBasis}, ${act.explanation}
    from unnest(${holders}::bigint[]) as contact_id, unnest(${categories}::bigint[]) as category_id
    order by contact_id, category_id
    on conflict (category_id, contact_id) do update
      set status = excluded.status, source = excluded.source, changed_at = now(), legal_basis = excluded.legal_basis,
        explanation = excluded.explanation
      where subscription.status <> excluded.status
    returning contact_id, category_id`.execute(db)
  return rows.map((row) => ({ ...row, action: status }))
}
