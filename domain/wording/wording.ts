import { de } from './de.ts'
import { en } from './en.ts'
import { es } from './es.ts'
import type { Language } from './language.ts'
import { uk } from './uk.ts'

/** What an unsubscribe page is about, ready to be read. `address` is masked; null when it is not known. */
export interface Subject {
  resource: string
  address: string | null
  /** Whether categories are listed below the sentence. */
  listed: boolean
}

interface Text {
  heading: string
  text: string
}

export interface Wording {
  language: Language
  /** Kept with the consent event: which words the person saw. Other words on the confirm page are a new version. */
  version: string
  confirm: { heading: (resource: string) => string; text: (subject: Subject) => string; button: string; note: string }
  unsubscribed: string
  already: string
  /** Below either heading. */
  result: (subject: Subject) => string
  othersStay: string
  badLink: Text
  retiredKey: Text
  gone: Text
  notFound: Text
  failed: (errorId: string) => Text
}

/** The words of unsubscribing and of what can go wrong, by language. */
export const wordings: Record<Language, Wording> = { en, de, uk, es }
