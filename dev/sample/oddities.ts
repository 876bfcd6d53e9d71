import type { Random } from './random.ts'
import { headers, type SampleRow } from './row.ts'

export interface Oddity {
  /** Rows of ten thousand. */
  share: number
  apply: (row: SampleRow, random: Random, earlier: SampleRow) => void
  /** The columns that the importer must complain about; empty text for the row as a whole. */
  rejectedFor?: string
  leftOut?: string
}

const brokenAddress = (share: number, breakIt: (address: string, random: Random) => string): Oddity => ({
  share,
  apply: (row, random) => {
    row.email = breakIt(row.email, random)
  },
  rejectedFor: headers.email,
})

/** What is odd about some rows of a real export: what must be refused, and what must not. */
export const oddities = {
  addressWithoutAt: brokenAddress(40, (address) => address.replace('@', '.')),
  addressWithTwoAts: brokenAddress(25, (address) => address.replace('@', '@@')),
  addressMissing: brokenAddress(40, () => ''),
  addressWithDoubleDot: brokenAddress(25, (address, random) =>
    random.chance(0.5) ? address.replace('.', '..') : `.${address}`,
  ),
  addressWithTrailingDot: brokenAddress(20, (address) => `${address}.`),
  addressWithSpace: brokenAddress(20, (address) => address.replace('.', ' ')),
  addressOf300Characters: brokenAddress(10, (address) => address.padStart(300, 'x')),
  unknownCategory: {
    share: 50,
    apply: (row, random) => {
      row.topics = `${row.topics}${row.topics === '' ? '' : ';'}${random.pick(['newsletter', 'nws', 'black-friday'])}`
    },
    rejectedFor: headers.topics,
  },
  unclearOptOut: {
    share: 20,
    apply: (row, random) => {
      row.unsubscribed = random.pick(['maybe', 'N/A', '?', '2026-01-31'])
    },
    rejectedFor: headers.unsubscribed,
  },
  shortRow: { share: 40, apply: () => {}, rejectedFor: '' },
  longRow: { share: 30, apply: () => {}, rejectedFor: '' },
  invalidTimeZone: {
    share: 50,
    apply: (row, random) => {
      row.timeZone = random.pick(['Mars/Olympus', 'GMT+2:00h', '+02:00', 'Berlin'])
    },
    leftOut: headers.timeZone,
  },
  unknownLanguage: {
    share: 50,
    apply: (row, random) => {
      row.language = random.pick(['unknown', 'English', 'klingon', 'de/en'])
    },
    leftOut: headers.language,
  },
  upperCaseDuplicate: {
    share: 200,
    apply: (row, _, earlier) => {
      row.email = earlier.email.toUpperCase()
    },
  },
  plusTag: {
    share: 100,
    apply: (row, _, earlier) => {
      row.email = earlier.email.trim().replace('@', `+${row.id}@`)
    },
  },
  internationalDomain: {
    share: 120,
    apply: (row, random) => {
      const domain = random.pick(['müller.example', 'почта.example', '例え.example', 'xn--mller-kva.example'])
      row.email = row.email.replace(/@.*/, `@${domain}`)
    },
  },
  spacesAround: {
    share: 200,
    apply: (row) => {
      row.email = `  ${row.email} `
      row.firstName = ` ${row.firstName}  `
      row.topics = row.topics.replaceAll(';', ' ; ')
    },
  },
  headerInjection: {
    share: 15,
    apply: (row) => {
      row.firstName = 'Bob\r\nBcc: everybody@example.com'
      row.lastName = '\r\n\r\n<script>alert(1)</script>'
    },
  },
  formula: {
    share: 15,
    apply: (row, random) => {
      row.firstName = random.pick([
        '=HYPERLINK("https://example.com","Ada")',
        '@SUM(A1:A9)',
        '-1+1',
        '{{ contact.email }}',
      ])
    },
  },
  oddName: {
    share: 60,
    apply: (row, random) => {
      row.firstName = random.pick([
        'Zo\u0065\u0308',
        '👩‍🚀 Valentina',
        'A\u200bd\u200ba',
        '\u202eavA',
        'Ada دانيال',
        'Null',
      ])
    },
  },
  withoutId: {
    share: 100,
    apply: (row) => {
      row.id = ''
    },
  },
} satisfies Record<string, Oddity>

export type OddityName = keyof typeof oddities

const shareless = 10_000 - Object.values(oddities).reduce((sum, { share }) => sum + share, 0)

/** Null for a row like any other. */
export function pickOddity(random: Random): OddityName | null {
  let rest = random.below(10_000) - shareless
  for (const name of Object.keys(oddities) as OddityName[]) {
    if (rest < 0) return null
    rest -= oddities[name].share
    if (rest < 0) return name
  }
  return null
}
