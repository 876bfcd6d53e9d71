import type { Readable } from 'node:stream'
import type { Connection } from '../db/connect.ts'
import { type ImportOptions, importContacts } from './import/contact-import.ts'
import type { ImportReport } from './import/report.ts'

/** The people. */
export class Contacts {
  readonly #database: Connection

  constructor(database: Connection) {
    this.#database = database
  }

  /**
   * Imports contacts from a CSV file or stream. Repeating it changes nothing twice; who refused stays refused.
   * @throws {Refusal} for input that is no CSV, or a mapping that does not fit it.
   */
  import(input: string | Readable, options: ImportOptions): Promise<ImportReport> {
    return importContacts(this.#database.db, input, options)
  }
}
