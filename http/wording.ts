import { parseAccept } from 'hono/utils/accept'

export type Language = 'en' | 'de'

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

const en: Wording = {
  language: 'en',
  version: 'unsubscribe-en-1',
  confirm: {
    heading: (resource) => `Unsubscribe from ${resource}`,
    text: ({ resource, address, listed }) =>
      `${resource} will send nothing more ${listed ? 'of this ' : ''}to ${address ?? 'you'}${listed ? ':' : '.'}`,
    button: 'Unsubscribe',
    note: 'Nothing changes until you press the button.',
  },
  unsubscribed: 'You were unsubscribed',
  already: 'You are already unsubscribed',
  result: ({ resource, address, listed }) =>
    `${resource} sends nothing more ${listed ? 'of this ' : ''}to ${address ?? 'you'}${listed ? ':' : '.'}`,
  othersStay: 'Other subscriptions stay as they are.',
  badLink: {
    heading: 'This link does not work',
    text: 'It is incomplete or was changed on its way. Open it from the message again, whole and without line breaks, or reply to the sender and ask to be unsubscribed.',
  },
  retiredKey: {
    heading: 'This link is too old',
    text: 'This link was made with a key that is no longer in use. Use the link in a newer message, or reply to the sender and ask to be unsubscribed.',
  },
  gone: {
    heading: 'This link is too old',
    text: 'Neither the message that it came with nor your address is known here any more. If messages still come, use the link in a newer one, or reply to the sender and ask to be unsubscribed.',
  },
  notFound: {
    heading: 'There is no page here',
    text: 'Check the address, or open the link from the message again.',
  },
  failed: (errorId) => ({
    heading: 'That did not work',
    text: `Please try again in a few minutes. If it fails again, reply to the sender and name the error ${errorId}.`,
  }),
}

const de: Wording = {
  language: 'de',
  version: 'unsubscribe-de-1',
  confirm: {
    heading: (resource) => `Von ${resource} abmelden`,
    text: ({ resource, address, listed }) =>
      `${resource} sendet dann nichts mehr ${listed ? 'hiervon ' : ''}an ${address ?? 'Sie'}${listed ? ':' : '.'}`,
    button: 'Abmelden',
    note: 'Nichts ändert sich, bevor Sie den Knopf drücken.',
  },
  unsubscribed: 'Sie wurden abgemeldet',
  already: 'Sie sind bereits abgemeldet',
  result: ({ resource, address, listed }) =>
    `${resource} sendet nichts mehr ${listed ? 'hiervon ' : ''}an ${address ?? 'Sie'}${listed ? ':' : '.'}`,
  othersStay: 'Andere Abonnements bleiben, wie sie sind.',
  badLink: {
    heading: 'Dieser Link funktioniert nicht',
    text: 'Er ist unvollständig oder wurde unterwegs verändert. Öffnen Sie ihn erneut aus der Nachricht, vollständig und ohne Zeilenumbrüche, oder antworten Sie dem Absender und bitten Sie um Abmeldung.',
  },
  retiredKey: {
    heading: 'Dieser Link ist zu alt',
    text: 'Dieser Link wurde mit einem Schlüssel erstellt, der nicht mehr verwendet wird. Benutzen Sie den Link in einer neueren Nachricht, oder antworten Sie dem Absender und bitten Sie um Abmeldung.',
  },
  gone: {
    heading: 'Dieser Link ist zu alt',
    text: 'Weder die Nachricht, aus der er stammt, noch Ihre Adresse ist hier noch bekannt. Falls weiter Nachrichten kommen, benutzen Sie den Link in einer neueren, oder antworten Sie dem Absender und bitten Sie um Abmeldung.',
  },
  notFound: {
    heading: 'Hier ist keine Seite',
    text: 'Prüfen Sie die Adresse, oder öffnen Sie den Link erneut aus der Nachricht.',
  },
  failed: (errorId) => ({
    heading: 'Das hat nicht geklappt',
    text: `Bitte versuchen Sie es in einigen Minuten erneut. Schlägt es wieder fehl, antworten Sie dem Absender und nennen Sie den Fehler ${errorId}.`,
  }),
}

const wordings: Record<Language, Wording> = { en, de }

/**
 * The words for a person: their own language where it is known, else the first of the browser's that we have,
 * else English.
 * @param contactLanguage a language tag in any case, such as `de-AT`.
 * @param acceptLanguage the header (RFC 9110 12.5.4).
 */
export function wordingFor(contactLanguage: string | null, acceptLanguage: string | undefined): Wording {
  const accepted = parseAccept(acceptLanguage ?? '').filter(({ q }) => q > 0)
  const wanted = [contactLanguage ?? '', ...accepted.map(({ type }) => type)]
  const language = wanted.map((tag) => tag.toLowerCase().split(/[-_]/)[0]).find(isLanguage)
  return wordings[language ?? 'en']
}

const isLanguage = (tag: string | undefined): tag is Language => tag !== undefined && Object.hasOwn(wordings, tag)
