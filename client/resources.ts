import type { Connection } from '../db/connect.ts'
import { createResource, listResources } from '../db/resources.ts'
import { type NewResource, parseResource, type ResourceSettings } from '../domain/resource-settings.ts'
import { resourceWarnings } from '../domain/resource-warnings.ts'

/** On whose behalf messages go out. */
export class Resources {
  readonly #database: Connection

  constructor(database: Connection) {
    this.#database = database
  }

  /**
   * Creates a resource. A key that is taken is that resource, unchanged.
   * @returns warnings: what receivers may hold against the mail.
   * @throws {Refusal} naming the field that cannot be.
   */
  async create(resource: NewResource): Promise<{ id: string; key: string; created: boolean; warnings: string[] }> {
    const parsed = parseResource(resource)
    const created = await createResource(this.#database.db, parsed)
    return { ...created, key: parsed.key, warnings: resourceWarnings(parsed) }
  }

  async list(): Promise<ResourceSettings[]> {
    return listResources(this.#database.db)
  }
}
