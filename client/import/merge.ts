import type { ContactDraft } from '../../db/imported-contact.ts'
import type { ImportRow } from './row.ts'

/** A contact as the rows of one batch describe it together. */
export type MergedContact = ContactDraft & { rows: number }

/** Contacts that exist already: by external id, and the earliest holder by address key in hex. */
export interface Existing {
  byExternalId: ReadonlyMap<string, string>
  byAddress: ReadonlyMap<string, string>
}

/**
 * Brings together the rows of one contact: those of one external id, or, for rows without, those of one address.
 * A later row wins; an empty value takes nothing away; an opt-out in any of the rows stands.
 */
export function mergeRows(rows: readonly ImportRow[], existing: Existing): MergedContact[] {
  const contacts = new Map<string, MergedContact>()
  const holders = new Map<string, string>()
  for (const row of rows) {
    const address = row.email.key.toString('hex')
    const { id, name } = identify(row, address, existing, holders)
    const contact = contacts.get(name) ?? newDraft(id, row.externalId)
    contacts.set(name, contact)
    if (!holders.has(address)) holders.set(address, name)
    addRow(contact, row)
  }
  return [...contacts.values()]
}

/** The contact that a row is about: its id when it exists, and a name to gather its rows under. */
function identify(
  row: ImportRow,
  address: string,
  existing: Existing,
  holders: ReadonlyMap<string, string>,
): { id: string | null; name: string } {
  const id =
    (row.externalId === null ? existing.byAddress.get(address) : existing.byExternalId.get(row.externalId)) ?? null
  if (id !== null) return { id, name: `id ${id}` }
  if (row.externalId !== null) return { id, name: `external ${row.externalId}` }
  return { id, name: holders.get(address) ?? `address ${address}` }
}

const newDraft = (id: string | null, externalId: string | null): MergedContact => ({
  id,
  externalId,
  firstName: null,
  lastName: null,
  language: null,
  timeZone: null,
  attributes: {},
  addresses: [],
  categoryIds: new Set(),
  optOut: false,
  rows: 0,
})

function addRow(contact: MergedContact, row: ImportRow): void {
  contact.firstName = row.firstName ?? contact.firstName
  contact.lastName = row.lastName ?? contact.lastName
  contact.language = row.language ?? contact.language
  contact.timeZone = row.timeZone ?? contact.timeZone
  Object.assign(contact.attributes, row.attributes)
  if (!contact.addresses.some((address) => address.key.equals(row.email.key))) contact.addresses.push(row.email)
  for (const id of row.categoryIds) contact.categoryIds.add(id)
  contact.optOut ||= row.optOut
  contact.rows += 1
}
