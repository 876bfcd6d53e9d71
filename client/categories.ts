import { type CategoryRow, createCategory, listCategories } from '../db/categories.ts'
import type { Connection } from '../db/connect.ts'
import { keyPattern } from '../domain/category-key.ts'
import { Refusal } from '../domain/refusal.ts'

export interface NewCategory {
  /** Key of the resource that it belongs to. */
  resource: string
  title: string
  /** Immutable; made from the title when absent. */
  key?: string
  description?: string
  /** `opt_in`: who said nothing is not subscribed. `opt_out`: who said nothing is, until they say no. */
  consent?: 'opt_in' | 'opt_out'
  /** Names of channels that it applies to; absent: all. */
  channels?: string[]
}

/** What contacts subscribe to. */
export class Categories {
  readonly #database: Connection

  constructor(database: Connection) {
    this.#database = database
  }

  /**
   * Creates a category with its protected segment. A key that is taken in the same resource is that category.
   * @throws {Refusal} naming the field that cannot be.
   */
  async create(category: NewCategory): Promise<{ id: string; key: string; created: boolean }> {
    refuseBadText(category)
    const { consent = 'opt_in', channels = null, ...rest } = category
    return createCategory(this.#database.db, { ...rest, consent, channels })
  }

  async list(): Promise<CategoryRow[]> {
    return listCategories(this.#database.db)
  }
}

function refuseBadText({ title, key, consent }: NewCategory): void {
  if (title.trim() === '' || title.length > 200)
    throw new Refusal({ field: 'title', rule: 'must have 1 to 200 characters', remedy: 'Give the category a name.' })
  if (key !== undefined && (!keyPattern.test(key) || key.length > 60))
    throw new Refusal({
      field: 'key',
      rule: 'must be at most 60 lower-case letters, digits and single hyphens',
      remedy: 'Correct it, or leave it out: it is made from the title.',
    })
  if (consent !== undefined && consent !== 'opt_in' && consent !== 'opt_out')
    throw new Refusal({ field: 'consent', rule: 'must be opt_in or opt_out', remedy: 'Choose one of them.' })
}
