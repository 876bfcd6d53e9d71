import { sql } from 'kysely'
import { Refusal } from '../domain/refusal.ts'
import { takeTurnOfKeys } from './category-key.ts'
import type { Db } from './connect.ts'

export interface CategoryCap {
  /** How many categories may be active; null: any number. */
  cap: number | null
  active: number
}

export async function categoryCap(db: Db): Promise<CategoryCap> {
  const { rows } = await sql<CategoryCap>`
    select active_categories as cap,
      (select count(*)::int from category where archived_at is null and deleted_at is null) as active
    from installation`.execute(db)
  if (rows[0] === undefined) throw new Error('an installation has one row')
  return rows[0]
}

/** Fewer than there are is no mistake: none is archived by it, but none can be added. */
export async function setCategoryCap(db: Db, cap: number | null): Promise<CategoryCap> {
  return db.transaction().execute(async (db) => {
    await takeTurnOfKeys(db)
    await db.updateTable('installation').set({ active_categories: cap }).execute()
    return categoryCap(db)
  })
}

/** Call it after `takeTurnOfKeys`, before a category becomes active. @throws {Refusal} when there is no room for it. */
export async function refuseBeyondCap(db: Db): Promise<void> {
  const { cap, active } = await categoryCap(db)
  if (cap === null || active < cap) return
  throw new Refusal({
    field: 'category',
    rule: `${active} categories are active, and ${cap} may be`,
    remedy: 'Archive one, or raise the cap (addressee categories cap).',
  })
}
