import type { Db } from '../db/connect.ts'
import { type ContactRecord, contactRecords, holdersOf } from '../db/contact-record.ts'
import { loadAddressKeys } from '../db/installation.ts'
import { type SavingContact, saveContact } from '../db/save-contact.ts'
import { Refusal } from '../domain/refusal.ts'
import { type ContactRef, checkContactId, emailKey, requireContact } from './contact-ref.ts'
import {
  type Reading,
  readAttribute,
  readEmail,
  readExternalId,
  readLanguage,
  readName,
  readTimeZone,
} from './import/values.ts'

export interface NewContact {
  email: string
  /** What the application knows the contact by. */
  externalId?: string | undefined
  firstName?: string | undefined
  lastName?: string | undefined
  /** A language tag (RFC 5646). */
  language?: string | undefined
  /** A name of the IANA time zone database. */
  timeZone?: string | undefined
  attributes?: Record<string, string> | undefined
}

/** A contact as people see it. Instants are ISO 8601 in UTC. */
export interface Contact extends Omit<ContactRecord, 'createdAt' | 'updatedAt' | 'deletedAt'> {
  createdAt: string
  updatedAt: string
  deletedAt: string | null
}

/** Reads the fields as the import reads its columns. */
export async function saveNewContact(db: Db, contact: NewContact): Promise<{ id: string; created: boolean }> {
  const keyOf = await loadAddressKeys(db)
  const saving: SavingContact = {
    email: taken('email', readEmail(contact.email, keyOf)),
    externalId: taken('externalId', readExternalId(contact.externalId ?? '')),
    firstName: taken('firstName', readName(contact.firstName ?? '')),
    lastName: taken('lastName', readName(contact.lastName ?? '')),
    language: taken('language', readLanguage(contact.language ?? '')),
    timeZone: taken('timeZone', readTimeZone(contact.timeZone ?? '')),
    attributes: attributesOf(contact.attributes ?? {}),
  }
  return saveContact(db, saving, 'api')
}

function taken<T>(field: string, reading: Reading<T>): T {
  if (reading.ok) return reading.value
  throw new Refusal({ field, rule: reading.rules.join('; '), remedy: 'Correct the value.' })
}

const attributesOf = (attributes: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [key, taken(`attributes.${key}`, readAttribute(value)) ?? '']),
  )

export async function getContact(db: Db, ref: ContactRef): Promise<Contact> {
  const [record] = await contactRecords(db, [await requireContact(db, ref)])
  if (record === undefined) throw new Error('a contact that was found is there')
  return shown(record)
}

export async function searchContacts(
  db: Db,
  email: string,
  { after = '0', limit = 50 }: { after?: string; limit?: number },
): Promise<Contact[]> {
  const ids = await holdersOf(db, await emailKey(db, email), { after: checkContactId(after), limit })
  return (await contactRecords(db, ids)).map(shown)
}

const shown = (record: ContactRecord): Contact => ({
  ...record,
  createdAt: record.createdAt.toISOString(),
  updatedAt: record.updatedAt.toISOString(),
  deletedAt: record.deletedAt?.toISOString() ?? null,
})
