import type { Db } from '../db/connect.ts'
import { provenContacts } from '../db/consent-history.ts'
import { type ContactExport, exportContact } from '../db/contact-export.ts'
import { type Erasure, eraseContact } from '../db/erase-contact.ts'
import { contactsNamed } from '../db/name-contact.ts'
import { Refusal } from '../domain/refusal.ts'
import { onlyOne, someContacts } from './named-contacts.ts'

/** @throws {Refusal} when no contact, or more than one, has the name, and when nobody is said to do it. */
export async function eraseNamed(db: Db, contact: string, by: string): Promise<Erasure> {
  if (by.trim() === '')
    throw new Refusal({ field: 'by', rule: 'is empty', remedy: 'Say who erases: it is kept with the proof.' })
  const erased = await eraseContact(db, onlyOne(contact, await contactsNamed(db, contact)), by)
  // Somebody else was faster.
  if (erased === null)
    throw new Refusal({ field: 'contact', rule: 'is erased already', remedy: 'Nothing is left to do.' })
  return erased
}

/** @throws {Refusal} when nothing is held about anybody of that name. */
export async function exportNamed(db: Db, contact: string): Promise<ContactExport[]> {
  const ids = someContacts(contact, await provenContacts(db, contact))
  return Promise.all(ids.map((id) => exportContact(db, id)))
}
