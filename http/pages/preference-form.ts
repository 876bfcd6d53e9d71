import type { ListedField, Preferences } from '../../db/preferences.ts'
import type { PreferenceForm } from '../../db/save-preferences.ts'
import { type FieldValue, fieldInput } from '../../domain/field-input.ts'
import type { Form } from './form.ts'

/** What of a preference page comes back, beside the categories by their keys. */
export const names = {
  shown: 'shown',
  on: 'on',
  everythingOff: 'everything_off',
  shownField: 'shown_field',
  field: 'field.',
}

/**
 * - `everything_off`: that button, whatever is ticked.
 * - `unreadable`: not what the page would send.
 * - `bad_field`: something was typed that the field cannot hold, or nothing where something is needed.
 */
export type ReadPreferences =
  | { kind: 'save'; form: PreferenceForm }
  | { kind: 'everything_off' }
  | { kind: 'unreadable' }
  | { kind: 'bad_field'; field: ListedField }

/** Reads the form of a preference page, with the fields that it offers. */
export function readPreferences(form: Form, { fields }: Pick<Preferences, 'fields'>): ReadPreferences {
  const all = (name: string): string[] => form.flatMap(([given, value]) => (given === name ? [value] : []))
  const shownFields = new Set(all(names.shownField))
  const known = new Set([names.shown, names.on, names.everythingOff, names.shownField])
  for (const key of shownFields) known.add(names.field + key)
  const typed = form.map(([name]) => name).filter((name) => name.startsWith(names.field))
  if (form.some(([name]) => !known.has(name)) || new Set(typed).size < typed.length) return { kind: 'unreadable' }
  if (all(names.everythingOff).length > 0) return { kind: 'everything_off' }

  const values: [string, FieldValue | null][] = []
  for (const key of shownFields) {
    const field = fields.find((each) => each.key === key)
    if (field === undefined) return { kind: 'unreadable' }
    const value = fieldInput(field.type, all(names.field + key)[0] ?? '')
    if (value === undefined || (value === null && field.isRequired)) return { kind: 'bad_field', field }
    values.push([key, value])
  }
  return { kind: 'save', form: { shown: all(names.shown), on: all(names.on), fields: Object.fromEntries(values) } }
}
