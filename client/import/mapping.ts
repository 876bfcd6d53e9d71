import { keyFromTitle } from '../../domain/category-key.ts'
import { Refusal } from '../../domain/refusal.ts'

export const contactFields = [
  'externalId',
  'email',
  'firstName',
  'lastName',
  'language',
  'timeZone',
  'categories',
  'optOut',
] as const
export type ContactField = (typeof contactFields)[number]

/** What a column is for, as callers say it. */
export type ColumnTarget = ContactField | `attribute:${string}` | 'ignore'

export interface Column {
  header: string
  use: { kind: 'field'; field: ContactField } | { kind: 'attribute'; key: string } | { kind: 'ignore' }
}

const attribute = 'attribute:'

/** How exports head these columns, in letters and digits only. */
const synonyms: Record<ContactField, readonly string[]> = {
  externalId: ['id', 'externalid', 'customerid', 'contactid', 'userid', 'kundennummer', 'kundenid', 'зовнішнійid'],
  email: ['email', 'mail', 'emailaddress', 'mailadresse', 'emailadresse', 'courriel', 'correo', 'електроннапошта'],
  firstName: ['firstname', 'givenname', 'forename', 'vorname', 'prénom', 'prenom', 'nombre', 'імя', 'имя'],
  lastName: ['lastname', 'surname', 'familyname', 'nachname', 'familienname', 'apellido', 'прізвище', 'фамилия'],
  language: ['language', 'lang', 'locale', 'sprache', 'langue', 'idioma', 'мова', 'язык'],
  timeZone: ['timezone', 'tz', 'zeitzone', 'fuseauhoraire', 'zonahoraria', 'часовийпояс', 'часовойпояс'],
  categories: ['topics', 'categories', 'subscriptions', 'interests', 'themen', 'kategorien', 'категорії', 'категории'],
  optOut: ['unsubscribed', 'optout', 'optedout', 'donotmail', 'abgemeldet', 'désabonné', 'відписаний', 'отписан'],
}

/**
 * Decides what each column of the file is for: by the caller's mapping, else by its name, else it is an attribute.
 * @param mapping column headers to targets; columns that it does not name keep what their names say.
 * @throws Refusal for a target that does not exist, a column that the file lacks, two columns for one field, and
 *   when no column holds the e-mail address.
 */
export function mapColumns(headers: readonly string[], mapping: Readonly<Record<string, string>> = {}): Column[] {
  const titles = headers.map((header) => header.trim())
  refuseMissingColumns(titles, mapping)
  const targets = titles.map((title) => (Object.hasOwn(mapping, title) ? targetOf(title, mapping[title] ?? '') : null))
  const taken = new Set<string>()
  for (const target of targets) if (target !== null && target !== 'ignore') claim(target, taken)
  const columns = titles.map((header, index) => {
    const target = targets[index] ?? guess(header, index, taken)
    taken.add(target)
    return { header, use: useOf(target) }
  })
  if (!taken.has('email')) throw noEmail(titles)
  return columns
}

function refuseMissingColumns(titles: readonly string[], mapping: Readonly<Record<string, string>>): void {
  const missing = Object.keys(mapping).find((title) => !titles.includes(title.trim()))
  if (missing !== undefined)
    throw new Refusal({
      field: `mapping.${missing}`,
      rule: 'the file has no column of this name',
      remedy: `Its columns are: ${shown(titles)}.`,
    })
}

function targetOf(title: string, written: string): ColumnTarget {
  const isKnown = written === 'ignore' || contactFields.some((field) => field === written)
  if (isKnown || /^attribute:[a-z][a-z0-9_]*$/.test(written)) return written as ColumnTarget
  throw new Refusal({
    field: `mapping.${title}`,
    rule: `"${written}" is nothing that a column can be`,
    remedy: `Use one of ${contactFields.join(', ')}, attribute:<name> (a-z, 0-9 and _) or ignore.`,
  })
}

function claim(target: ColumnTarget, taken: Set<string>): void {
  if (taken.has(target))
    throw new Refusal({
      field: 'mapping',
      rule: `two columns are mapped to ${target}`,
      remedy: 'Map one of them to attribute:<name> or ignore.',
    })
  taken.add(target)
}

function guess(header: string, index: number, taken: ReadonlySet<string>): ColumnTarget {
  const plain = header
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '')
  const field = contactFields.find((each) => !taken.has(each) && synonyms[each].includes(plain))
  return field ?? `attribute:${attributeKey(plain === '' ? `column ${index + 1}` : header, taken)}`
}

/** Templates name attributes with dots between: hyphens would not do. */
function attributeKey(header: string, taken: ReadonlySet<string>): string {
  const keys = [...taken]
    .filter((target) => target.startsWith(attribute))
    .map((target) => target.slice(attribute.length).replaceAll('_', '-'))
  return keyFromTitle(header, new Set(keys)).replaceAll('-', '_')
}

function useOf(target: ColumnTarget): Column['use'] {
  if (target === 'ignore') return { kind: 'ignore' }
  const field = contactFields.find((each) => each === target)
  return field === undefined ? { kind: 'attribute', key: target.slice(attribute.length) } : { kind: 'field', field }
}

const noEmail = (titles: readonly string[]) =>
  new Refusal({
    field: 'mapping',
    rule: `no column holds the e-mail address (the columns are: ${shown(titles)})`,
    remedy: 'Name the column "E-mail", or map it: { "<column>": "email" } (--map "<column>=email").',
  })

/** A file that is no table has a first line of any length. */
const shown = (titles: readonly string[]): string => {
  const all = titles.join(', ')
  return all.length > 300 ? `${all.slice(0, 300)}…` : all
}
