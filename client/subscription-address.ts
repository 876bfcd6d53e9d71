import type { Db } from '../db/connect.ts'
import { addressOf, firstAddressOf } from '../db/find-address.ts'
import { contactsNamed } from '../db/name-contact.ts'
import type { ResourceAddress } from '../db/resource-addresses.ts'
import { requireResource } from '../db/resources.ts'
import { parseEmail } from '../domain/email-address.ts'
import { Refusal } from '../domain/refusal.ts'
import { type ContactRef, emailKey, requireContact } from './contact-ref.ts'

/** Which subscription is meant: a contact's to a resource, at one of its addresses. */
export interface SubscriptionName {
  /** Key of the resource. */
  resource: string
  /** An id, an external id or an e-mail address that one contact alone has; or which of them it is. */
  contact: string | ContactRef
  /** `email` when absent. */
  channel?: string
  /** When absent that by which the contact was named, else where it is reached first. */
  address?: string
}

/** @throws {Refusal} when the name does not lead to one subscription. */
export async function findSubscriptionAddress(db: Db, name: SubscriptionName): Promise<ResourceAddress> {
  const { channel = 'email', contact } = name
  const resourceId = await requireResource(db, name.resource)
  const contactId = typeof contact === 'string' ? await onlyNamed(db, contact) : await requireContact(db, contact)
  const value =
    name.address ??
    (await emailOf(db, contactId, { contact, channel })) ??
    (await firstAddressOf(db, contactId, channel))
  if (value !== undefined) return { resourceId, contactId, channel, value }
  throw new Refusal({
    field: 'contact',
    rule: `contact ${contactId} has no address on the channel ${channel}`,
    remedy: 'Add one first.',
  })
}

async function onlyNamed(db: Db, contact: string): Promise<string> {
  const [contactId, ...others] = await contactsNamed(db, contact)
  if (contactId !== undefined && others.length === 0) return contactId
  throw new Refusal({
    field: 'contact',
    rule: contactId === undefined ? `there is no contact ${contact}` : `several contacts have ${contact}`,
    remedy: 'Give the id of one.',
  })
}

/** By which the contact was named, as it is written in its record. */
async function emailOf(
  db: Db,
  contactId: string,
  { contact, channel }: Pick<SubscriptionName, 'contact' | 'channel'>,
): Promise<string | undefined> {
  const written = typeof contact === 'string' ? contact : (contact.email ?? '')
  if (channel !== 'email' || !parseEmail(written).ok) return undefined
  return addressOf(db, contactId, await emailKey(db, written))
}
