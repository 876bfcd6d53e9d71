import type { Db } from './connect.ts'
import { takeTurn } from './consent.ts'
import { saveContacts } from './contact-import.ts'
import { findByAddress, findByExternalId } from './contacts.ts'
import type { ContactDraft } from './imported-contact.ts'
import type { Id } from './schema.ts'

export interface SavingContact extends Omit<ContactDraft, 'id' | 'categoryIds' | 'optOut' | 'addresses'> {
  email: { value: string; key: Buffer }
}

/**
 * Creates a contact, or completes the one that has the external id, else the earliest that has the address: as a row of
 * an import does. A new address brings the refusals that were said through it.
 * @param source what the contact's records call the origin, such as `api`.
 */
export async function saveContact(
  db: Db,
  { email, ...fields }: SavingContact,
  source: string,
): Promise<{ id: Id; created: boolean }> {
  return db.transaction().execute(async (db) => {
    await takeTurn(db)
    const id = await findExisting(db, fields.externalId, email.key)
    const draft = { ...fields, id, addresses: [email], categoryIds: new Set<Id>(), optOut: false }
    const saved = await saveContacts(db, [draft], { channel: 'email', source, legalBasis: null, explanation: null })
    return { id: saved.ids[0] as Id, created: saved.created.size > 0 }
  })
}

async function findExisting(db: Db, externalId: string | null, key: Buffer): Promise<Id | null> {
  const found =
    externalId === null
      ? (await findByAddress(db, 'email', [key])).get(key.toString('hex'))
      : (await findByExternalId(db, [externalId])).get(externalId)
  return found ?? null
}

/** Nothing is known of the person but the address. */
export const onlyAddress = (email: SavingContact['email']): SavingContact => ({
  email,
  externalId: null,
  firstName: null,
  lastName: null,
  language: null,
  timeZone: null,
  attributes: {},
})
