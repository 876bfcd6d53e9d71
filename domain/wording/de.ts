import type { Wording } from './wording.ts'

export const de: Wording = {
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
