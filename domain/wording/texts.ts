import { Refusal } from '../refusal.ts'
import { type Language, languages } from './language.ts'
import { type ModeWording, modeWordings } from './modes.ts'
import { type OptInWording, optInWordings } from './opt-in.ts'
import { type PreferenceWording, preferenceWordings } from './preferences.ts'
import { type Wording, wordings } from './wording.ts'

/** The words on one page, in the order in which they stand there. */
export interface PageText {
  page: string
  lines: string[]
}

/** What a version stands for, which consent events name (`unsubscribe-en-1`). */
export interface WordingText {
  version: string
  language: Language
  pages: PageText[]
}

// What differs from page to page: names in braces, and ten minutes for any delay.
const resource = '{resource}'
const address = '{address}'
const category = '{category}'
const minutes = 10
const time = '{time}'

/** The words that a person saw before they pressed a button; undefined for a version that this release does not show. */
export const findWording = (version: string): WordingText | undefined => known.get(version)

/** @throws {Refusal} for a version that this release does not show. */
export function wordingText(version: string): WordingText {
  const text = findWording(version)
  if (text !== undefined) return text
  throw new Refusal({
    field: 'version',
    rule: `"${version}" is no wording that this release shows`,
    remedy: `Name one of ${[...known.keys()].join(', ')}, or ask the release that showed it.`,
  })
}

const confirmLines = ({ confirm, othersStay }: Wording): string[] => [
  confirm.heading(resource),
  confirm.text({ resource, address, listed: false }),
  confirm.text({ resource, address, listed: true }),
  othersStay,
  confirm.button,
  confirm.note,
]

const unsubscribePages = (words: Wording): PageText[] => [{ page: 'unsubscribe', lines: confirmLines(words) }]

const modePages = (words: Wording, { delayNote, pending, undo, everything }: ModeWording): PageText[] => [
  { page: 'unsubscribe, where it is delayed', lines: [...confirmLines(words), delayNote(minutes)] },
  {
    page: 'while the delay runs',
    lines: [pending.heading(resource), pending.text(minutes, time), pending.confirm, pending.cancel],
  },
  {
    page: 'after unsubscribing',
    lines: [
      words.unsubscribed,
      words.already,
      words.result({ resource, address, listed: false }),
      undo,
      everything(resource),
    ],
  },
]

const preferencePages = (words: PreferenceWording): PageText[] => [
  {
    page: 'preferences',
    lines: [
      words.heading,
      words.intro(resource, address),
      words.optedOut.resource(resource),
      words.optedOut.everything(resource),
      words.categories,
      words.required,
      words.pending,
      words.fields,
      words.optional,
      words.save,
      words.everythingOff,
      words.everythingOffNote(resource),
      words.note,
    ],
  },
]

const optInPages = (words: OptInWording): PageText[] => [
  {
    page: 'confirmation of a subscription',
    lines: [words.heading(category), words.text(resource, address), category, words.button, words.note],
  },
]

const textsIn = (language: Language): WordingText[] => {
  const modes = modeWordings[language]
  const words = wordings[language]
  const preferences = preferenceWordings[language]
  const optIn = optInWordings[language]
  return [
    { version: words.version, language, pages: unsubscribePages(words) },
    { version: modes.version, language, pages: modePages(words, modes) },
    { version: preferences.version, language, pages: preferencePages(preferences) },
    { version: optIn.version, language, pages: optInPages(optIn) },
  ]
}

const known = new Map(languages.flatMap(textsIn).map((text) => [text.version, text]))
