import { type CategoryRow, categoryByKey, listCategories } from '../db/categories.ts'
import { type CategoryCap, categoryCap, setCategoryCap } from '../db/category-cap.ts'
import { archiveCategory, deleteCategory, unarchiveCategory, updateCategory } from '../db/category-changes.ts'
import type { Connection } from '../db/connect.ts'
import { createCategory } from '../db/create-category.ts'
import { emptyCategory, excludeContacts } from '../db/exclude-contacts.ts'
import { contactsNamed } from '../db/name-contact.ts'
import { type CategoryPatch, type NewCategory, parseCategory } from '../domain/category-settings.ts'
import { Refusal } from '../domain/refusal.ts'
import { type ContactRef, requireContact } from './contact-ref.ts'
import { someContacts } from './named-contacts.ts'

/** Who does it: it stands in the history of consent. */
export interface By {
  by?: string
  /** `operator` by default. */
  through?: 'api' | 'operator'
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
    return createCategory(this.#database.db, parseCategory(category))
  }

  /** Archived or not. @throws {Refusal} when there is none, or it was deleted. */
  get(key: string): Promise<CategoryRow> {
    return categoryByKey(this.#database.db, key)
  }

  /** A field that is absent stays as it is, null clears it; key and resource are immutable. @throws {Refusal} */
  async update(key: string, patch: CategoryPatch): Promise<CategoryRow> {
    await updateCategory(this.#database.db, key, patch)
    return this.get(key)
  }

  /** Out of use until it is unarchived: no import and no new campaign finds it. */
  archive(key: string): Promise<void> {
    return archiveCategory(this.#database.db, key)
  }

  /** @throws {Refusal} when as many categories are active as may be. */
  unarchive(key: string): Promise<void> {
    return unarchiveCategory(this.#database.db, key)
  }

  /**
   * Takes a category and its segment out of use for good. Contacts stay, and so does the record of what they said.
   * @throws {Refusal} while a campaign that is not over names it.
   */
  delete(key: string): Promise<void> {
    return deleteCategory(this.#database.db, key)
  }

  list(options: { resource?: string; includeArchived?: boolean } = {}): Promise<CategoryRow[]> {
    return listCategories(this.#database.db, options)
  }

  /**
   * Takes every contact out of a category. They stay contacts, and may subscribe again; who has refused has still.
   * @throws {Refusal} for an opt_out category: whoever said nothing belongs to it.
   */
  async empty(key: string, who: By = {}): Promise<{ excluded: number }> {
    return { excluded: await emptyCategory(this.#database.db, key, actorOf(who)) }
  }

  /**
   * Takes one contact out of a category.
   * @param contact an id, an external id or an e-mail address; several contacts may have the latter. Or exactly one.
   */
  async exclude(key: string, contact: string | ContactRef, who: By = {}): Promise<{ excluded: number }> {
    const { db } = this.#database
    const contacts =
      typeof contact === 'string'
        ? someContacts(contact, await contactsNamed(db, contact))
        : [await requireContact(db, contact)]
    return { excluded: await excludeContacts(db, key, [...contacts], actorOf(who)) }
  }

  /** How many categories may be active, and how many are. */
  cap(): Promise<CategoryCap> {
    return categoryCap(this.#database.db)
  }

  /** @param cap null: any number. Fewer than there are archives none. */
  async setCap(cap: number | null): Promise<CategoryCap> {
    if (cap === null || (Number.isSafeInteger(cap) && cap > 0 && cap < 2 ** 31))
      return setCategoryCap(this.#database.db, cap)
    throw new Refusal({
      field: 'cap',
      rule: 'must be a whole number from 1 on',
      remedy: 'Give one, or none for no cap.',
    })
  }
}

const actorOf = ({ by = 'the client', through = 'operator' }: By) => ({ by, through })
