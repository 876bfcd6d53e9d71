import type { Id } from './schema.ts'

/** One contact as a batch of the import leaves it. Null or absent fields leave what is stored. */
export interface ContactDraft {
  /** Null for a contact that does not exist yet. */
  id: Id | null
  externalId: string | null
  firstName: string | null
  lastName: string | null
  language: string | null
  timeZone: string | null
  attributes: Record<string, string>
  /** In the order of the file: the last is the one to reach the contact at. */
  addresses: { value: string; key: Buffer }[]
  categoryIds: Set<Id>
  optOut: boolean
}

/** Where the contacts come from, for the records of consent. */
export interface Provenance {
  channel: string
  source: string
  legalBasis: string | null
  explanation: string | null
}

export type SavedContact = ContactDraft & { id: Id }

/** An address that a contact did not have before. */
export interface GainedAddress {
  contact_id: Id
  address_key: Buffer
}
