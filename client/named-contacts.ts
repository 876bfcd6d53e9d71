import { Refusal } from '../domain/refusal.ts'

/** @throws {Refusal} when there is none. */
export function someContacts(name: string, ids: readonly string[]): readonly string[] {
  if (ids.length > 0) return ids
  throw new Refusal({
    field: 'contact',
    rule: `there is no contact ${name}`,
    remedy: 'Give an id, an external id or an e-mail address that a contact has.',
  })
}

/** @throws {Refusal} when there is none, or more than one has the address. */
export function onlyOne(name: string, ids: readonly string[]): string {
  const [id, ...others] = someContacts(name, ids)
  if (id !== undefined && others.length === 0) return id
  throw new Refusal({
    field: 'contact',
    rule: `${ids.length} contacts have the address ${name}`,
    remedy: `Name one by its id: ${ids.join(', ')}.`,
  })
}
