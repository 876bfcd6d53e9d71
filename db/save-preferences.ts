import { sql } from 'kysely'
import type { FieldValue } from '../domain/field-input.ts'
import type { TokenClaims } from '../domain/link-token.ts'
import { byteaArray } from './bytea-array.ts'
import { changeConsent } from './change-consent.ts'
import type { Db } from './connect.ts'
import { type ConsentAct, takeTurn } from './consent.ts'
import {
  type ListedCategory,
  type ListedField,
  type PreferenceScope,
  type Preferences,
  preferencesOf,
} from './preferences.ts'

/** What a preference page was sent back with. What it did not show stays as it is. */
export interface PreferenceForm {
  /** Keys of the categories that could be ticked, and of those that were. */
  shown: readonly string[]
  on: readonly string[]
  /** By the fields' keys; null empties one. */
  fields: Readonly<Record<string, FieldValue | null>>
}

/**
 * - `saved`: what was changed, in the order of the page; nothing where all was so already.
 * - `outdated`: the form speaks of what the page does not offer (any more). Nothing was changed.
 * - `prohibited`: the resource lets nobody unsubscribe; nothing was changed.
 * - `gone`: the contact or the campaign is not known any more.
 */
export type SavedPreferences =
  | { kind: 'saved'; was: Preferences; on: ListedCategory[]; off: ListedCategory[]; fields: ListedField[] }
  | { kind: 'prohibited'; was: Preferences }
  | { kind: 'outdated' | 'gone' }

/**
 * Saves what the person chose on their preference page: of two that come at once the later holds as a whole. It is
 * their own act, so it brings back what they refused, and it holds for the address (db/change-consent.ts).
 */
export const savePreferences = (
  db: Db,
  claims: TokenClaims,
  form: PreferenceForm,
  act: Omit<ConsentAct, 'campaignId'>,
): Promise<SavedPreferences> =>
  db.transaction().execute(async (db) => {
    await takeTurn(db)
    const was = await preferencesOf(db, claims)
    if (was === undefined) return { kind: 'gone' }
    if (was.mode === 'prohibited') return { kind: 'prohibited', was }
    if (!isOffered(was, form)) return { kind: 'outdated' }
    const isOn = ({ key }: ListedCategory): boolean => form.on.includes(key)
    const changed = was.categories.filter(
      (category) => form.shown.includes(category.key) && isOn(category) !== (category.status === 'subscribed'),
    )
    const on = changed.filter(isOn)
    const off = changed.filter((category) => !isOn(category))
    const ids = { on: on.map(({ id }) => id), off: off.map(({ id }) => id) }
    await changeConsent(db, was, ids, { ...act, campaignId: claims.campaignId })
    return { kind: 'saved', was, on, off, fields: await saveFields(db, was, form.fields) }
  })

function isOffered({ categories, fields }: Preferences, form: PreferenceForm): boolean {
  const open = new Set(categories.filter(({ isRequired }) => !isRequired).map(({ key }) => key))
  return (
    form.shown.every((key) => open.has(key)) &&
    form.on.every((key) => form.shown.includes(key)) &&
    Object.keys(form.fields).every((given) => fields.some(({ key }) => key === given))
  )
}

/** @returns those that have another value now. */
async function saveFields(db: Db, was: Preferences, given: PreferenceForm['fields']): Promise<ListedField[]> {
  const changed = was.fields.flatMap((field) => {
    const value = given[field.key]
    // A box that nobody ever ticked is no "no".
    const stands = value === field.value || (value === false && field.value === null)
    return value === undefined || stands ? [] : [{ ...field, value }]
  })
  if (changed.length > 0) await writeFields(db, was, Object.fromEntries(changed.map(({ key, value }) => [key, value])))
  return changed
}

/** Alike for every contact that has the address. Null takes a value away. */
async function writeFields(db: Db, scope: PreferenceScope, values: Record<string, FieldValue | null>): Promise<void> {
  await sql`
    insert into resource_address as kept (resource_id, contact_id, channel, value, fields)
    select ${scope.resourceId}::bigint, contact_id, channel, value, jsonb_strip_nulls(${values}::jsonb)
    from contact_address
    where address_key = any(${byteaArray(scope.keys)}) and channel = ${scope.channel}
    order by contact_id, value
    on conflict (resource_id, contact_id, channel, value)
      do update set fields = jsonb_strip_nulls(kept.fields || ${values}::jsonb)`.execute(db)
}
