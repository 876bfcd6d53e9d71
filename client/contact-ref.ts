import type { Db } from '../db/connect.ts'
import { type ContactName, findContact } from '../db/find-contact.ts'
import { loadAddressKeys } from '../db/installation.ts'
import type { Id } from '../db/schema.ts'
import { parseEmail } from '../domain/email-address.ts'
import { Refusal } from '../domain/refusal.ts'

/** Who is meant: exactly one of them. Of several contacts that have the address, the earliest. */
export interface ContactRef {
  /** As people write it: an e-mail address, else an external id, else an id. */
  name?: string | undefined
  contactId?: string | undefined
  externalId?: string | undefined
  email?: string | undefined
}

/** @throws {Refusal} when nobody is named, or in two ways, or by what cannot name anybody. @returns undefined: there is no such contact. */
export async function findContactRef(db: Db, ref: ContactRef): Promise<Id | undefined> {
  for (const name of await contactNames(db, ref)) {
    const found = await findContact(db, name)
    if (found !== undefined) return found
  }
  return undefined
}

/** @throws {Refusal} as `findContactRef`, and when there is no such contact. */
export async function requireContact(db: Db, ref: ContactRef): Promise<Id> {
  const id = await findContactRef(db, ref)
  if (id !== undefined) return id
  const [field = 'name'] = fieldsOf(ref)
  throw new Refusal({
    field: field === 'name' ? 'contact' : field,
    rule: 'there is no such contact',
    remedy: 'Correct it, or create the contact first.',
  })
}

const fieldsOf = ({ name, contactId, externalId, email }: ContactRef): string[] =>
  Object.entries({ name, contactId, externalId, email }).flatMap(([name, value]) => (value === undefined ? [] : [name]))

/** What it may be, the likeliest first. */
async function contactNames(db: Db, ref: ContactRef): Promise<ContactName[]> {
  if (fieldsOf(ref).length !== 1)
    throw new Refusal({
      field: 'contactId',
      rule: 'exactly one of contactId, externalId and email must be given',
      remedy: 'Name the contact in one way.',
    })
  const { name, contactId, externalId, email } = ref
  if (contactId !== undefined) return [{ contactId: checkContactId(contactId) }]
  if (externalId !== undefined) return [{ externalId }]
  if (email !== undefined) return [{ addressKey: await emailKey(db, email) }]
  if (name !== undefined && parseEmail(name).ok) return [{ addressKey: await emailKey(db, name) }]
  return [{ externalId: name ?? '' }, ...(/^\d{1,18}$/.test(name ?? '') ? [{ contactId: name ?? '' }] : [])]
}

export function checkContactId(contactId: string): Id {
  if (/^\d{1,18}$/.test(contactId)) return contactId
  throw new Refusal({ field: 'contactId', rule: 'must be digits', remedy: 'Give the id of a contact.' })
}

/** By what an address is known again. @throws {Refusal} for what is no e-mail address. */
export async function emailKey(db: Db, email: string): Promise<Buffer> {
  const { normalised } = checkEmail(email)
  return (await loadAddressKeys(db))('email', normalised)
}

/** @throws {Refusal} for what is no e-mail address. */
export function checkEmail(email: string): { value: string; normalised: string } {
  const parsed = parseEmail(email)
  if (parsed.ok) return parsed
  throw new Refusal({ field: 'email', rule: parsed.rule, remedy: 'Correct the address.' })
}
