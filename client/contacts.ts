import type { Readable } from 'node:stream'
import type { Connection } from '../db/connect.ts'
import type { ContactExport } from '../db/contact-export.ts'
import type { Erasure } from '../db/erase-contact.ts'
import { type MessageTo, messagesTo } from '../db/messages-to.ts'
import type { AccessGroup } from '../db/visible.ts'
import type { ConsentDocument } from '../domain/consent-document.ts'
import { Refusal } from '../domain/refusal.ts'
import { type ContactConsent, contactConsent, exportContactConsent } from './contact-consent.ts'
import { eraseNamed, exportNamed } from './contact-erasure.ts'
import { type Contact, getContact, type NewContact, saveNewContact, searchContacts } from './contact-record.ts'
import { type ContactRef, requireContact } from './contact-ref.ts'
import { type ImportOptions, importContacts } from './import/contact-import.ts'
import type { ImportReport } from './import/report.ts'

/** What a campaign did for a contact. Instants are ISO 8601 in UTC. */
export interface ContactMessage extends Omit<MessageTo, 'settledAt'> {
  settledAt: string | null
}

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

  /** What contacts agreed to and refused, and what it comes to now. Named by e-mail address, external id or id. */
  consent(contact: string): Promise<ContactConsent[]> {
    return contactConsent(this.#database.db, contact)
  }

  /** One contact's history of consent, signed. @param secret the first of ADDRESSEE_SECRET. */
  exportConsent(contact: string, secret: string): Promise<ConsentDocument> {
    return exportContactConsent(this.#database.db, contact, secret)
  }

  /** Everything that is held about a person, for them to have (GDPR, Articles 15 and 20). */
  export(contact: string): Promise<ContactExport[]> {
    return exportNamed(this.#database.db, contact)
  }

  /** Removes a person (GDPR, Article 17); proof, refusals and suppressions stay, by address key. */
  erase(contact: string, options: { by: string }): Promise<Erasure> {
    return eraseNamed(this.#database.db, contact, options.by)
  }

  /**
   * Creates a contact, or completes the one that has the external id, else the earliest that has the address.
   * @throws {Refusal} naming the field that cannot be.
   */
  save(contact: NewContact): Promise<{ id: string; created: boolean }> {
    return saveNewContact(this.#database.db, contact)
  }

  /** @throws {Refusal} when there is no such contact. */
  get(contact: ContactRef): Promise<Contact> {
    return getContact(this.#database.db, contact)
  }

  /** Everybody who has an e-mail address, by id. @param page.after the last id of the page before. */
  search(email: string, page: { after?: string; limit?: number } = {}): Promise<Contact[]> {
    return searchContacts(this.#database.db, email, page)
  }

  /**
   * What campaigns did for a contact, the latest first, as long as their ledgers are kept.
   * @param page.before the last `campaignId` of the page before. @throws {Refusal} when there is no such contact.
   */
  async messages(
    contact: ContactRef,
    page: { before?: string; limit?: number; group?: AccessGroup } = {},
  ): Promise<ContactMessage[]> {
    const { db } = this.#database
    const { before = null, limit = 50, group = null } = page
    if (before !== null && !/^\d{1,18}$/.test(before))
      throw new Refusal({ field: 'before', rule: 'must be digits', remedy: 'Give the campaignId of a message.' })
    const rows = await messagesTo(db, await requireContact(db, contact), { before, limit, group })
    return rows.map((row) => ({ ...row, settledAt: row.settledAt?.toISOString() ?? null }))
  }
}
