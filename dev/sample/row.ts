import { somebody } from './people.ts'
import type { Random } from './random.ts'

/** One row of the export, value by column in the order of the file. */
export interface SampleRow {
  id: string
  email: string
  firstName: string
  lastName: string
  language: string
  timeZone: string
  topics: string
  unsubscribed: string
  city: string
  plan: string
  notes: string
}

export const headers: Record<keyof SampleRow, string> = {
  id: 'ID',
  email: 'E-Mail',
  firstName: 'First name',
  lastName: 'Last name',
  language: 'Language',
  timeZone: 'Time zone',
  topics: 'Topics',
  unsubscribed: 'Unsubscribed',
  city: 'City',
  plan: 'Plan',
  notes: 'Notes',
}

/** Reserved names only (RFC 2606): whatever is done with the sample, it reaches nobody. */
const domains = ['example.com', 'example.com', 'example.net', 'example.org', 'mail.example', 'post.test']

export const optedOutSpellings = ['yes', 'Yes', 'TRUE', '1', 'x']
const notOptedOutSpellings = ['', '', '', 'no', 'FALSE', '0']

const notes = [
  'Met at the fair, wants the catalogue',
  'Calls back on Monday\r\nprefers mornings',
  'Says "no phone calls", please',
  'Paid; invoice sent 2026-03-01',
  'Geburtstag: 24. Dezember 🎂',
  'Line one\r\n\r\n"Line three", after an empty one',
]

/** A row with nothing wrong in it. */
export function soundRow(number: number, random: Random): SampleRow {
  const { mailbox, ...person } = somebody(random)
  const topics = [
    ...(random.chance(0.74) ? ['news'] : []),
    ...(random.chance(0.4) ? ['offers'] : []),
    ...(random.chance(0.15) ? ['events'] : []),
  ]
  return {
    ...person,
    id: String(100_000 + number),
    email: `${mailbox}.${number}@${random.pick(domains)}`,
    topics: topics.join(';'),
    unsubscribed: random.pick(random.chance(0.04) ? optedOutSpellings : notOptedOutSpellings),
    plan: random.pick(['free', 'free', 'free', 'standard', 'gold']),
    notes: random.chance(0.12) ? random.pick(notes) : '',
  }
}

/** The values as one record of CSV with its line end. */
export const csvRecord = (values: readonly string[]): string =>
  `${values.map((value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(',')}\r\n`
