import type { Db } from '../db/connect.ts'
import { firstAddressOf } from '../db/find-address.ts'
import { contactsNamed } from '../db/name-contact.ts'
import type { ResourceAddress } from '../db/resource-addresses.ts'
import { requireResource } from '../db/resources.ts'
import { parseEmail } from '../domain/email-address.ts'
import { Refusal } from '../domain/refusal.ts'

/** Which subscription is meant: a contact's to a resource, at one of its addresses. */
export interface SubscriptionName {
  /** Key of the resource. */
  resource: string
  /** An id, an external id or an e-mail address that one contact alone has. */
  contact: string
  /** `email` when absent. */
  channel?: string
  /** When absent that by which the contact was named, else where it is reached first. */
  address?: string
}

/** @throws {Refusal} when the name does not lead to one subscription. */
export async function findSubscriptionAddress(db: Db, name: SubscriptionName): Promise<ResourceAddress> {
  const { channel = 'email', contact } = name
  const resourceId = await requireResource(db, name.resource)
  const [contactId, ...others] = await contactsNamed(db, contact)
  if (contactId === undefined || others.length > 0)
    throw new Refusal({
      field: 'contact',
      rule: contactId === undefined ? `there is no contact ${contact}` : `several contacts have ${contact}`,
      remedy: 'Give the id of one.',
    })
  const value = name.address ?? emailOf(contact, channel) ?? (await firstAddressOf(db, contactId, channel))
  if (value !== undefined) return { resourceId, contactId, channel, value }
  throw new Refusal({
    field: 'contact',
    rule: `contact ${contact} has no address on the channel ${channel}`,
    remedy: 'Add one first.',
  })
}

function emailOf(contact: string, channel: string): string | undefined {
  const email = parseEmail(contact)
  return channel === 'email' && email.ok ? email.value : undefined
}
