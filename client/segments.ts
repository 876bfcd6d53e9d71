import type { Connection } from '../db/connect.ts'
import { addToSegment, createSegment } from '../db/segments.ts'
import { keyPattern } from '../domain/category-key.ts'
import { Refusal } from '../domain/refusal.ts'

/** Named sets of contacts. A category's protected segment has the category's key and needs no creating. */
export class Segments {
  readonly #database: Connection

  constructor(database: Connection) {
    this.#database = database
  }

  /** Creates a static segment; a key that one has is that segment. @throws {Refusal} for a key that cannot be. */
  async create(segment: { key: string; title?: string }): Promise<{ id: string; created: boolean }> {
    if (!keyPattern.test(segment.key))
      throw new Refusal({
        field: 'key',
        rule: 'must be lower-case letters, digits and single hyphens',
        remedy: 'Correct it.',
      })
    return createSegment(this.#database.db, segment.key, segment.title ?? segment.key)
  }

  /** Adds contacts by their ids, never twice. @returns how many were not in it before. */
  async add(segment: string, contactIds: string[]): Promise<number> {
    return addToSegment(this.#database.db, segment, contactIds)
  }
}
