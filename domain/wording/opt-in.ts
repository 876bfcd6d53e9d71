import type { Language } from './language.ts'

export interface OptInWording {
  language: Language
  /** Kept with the consent event: which words the person saw. Other words on the page are a new version. */
  version: string
  heading: (category: string) => string
  /** @param address masked; null when it is not known. */
  text: (resource: string, address: string | null) => string
  button: string
  note: string
  confirmed: string
  confirmedText: (resource: string, address: string | null) => string
  over: { heading: string; text: string }
}

const en: OptInWording = {
  language: 'en',
  version: 'opt-in-en-1',
  heading: (category) => `Subscribe to ${category}?`,
  text: (resource, address) => `${resource} will send this to ${address ?? 'you'}:`,
  button: 'Yes, subscribe me',
  note: 'If you do nothing, you are not subscribed.',
  confirmed: 'You are subscribed',
  confirmedText: (resource, address) => `${resource} sends this to ${address ?? 'you'}:`,
  over: {
    heading: 'This request is over',
    text: 'It was not confirmed in time, or was taken back. If you want to subscribe, ask for it once more where you did before.',
  },
}

const de: OptInWording = {
  language: 'de',
  version: 'opt-in-de-1',
  heading: (category) => `${category} abonnieren?`,
  text: (resource, address) => `${resource} sendet dann dies an ${address ?? 'Sie'}:`,
  button: 'Ja, anmelden',
  note: 'Wenn Sie nichts tun, werden Sie nicht angemeldet.',
  confirmed: 'Sie sind angemeldet',
  confirmedText: (resource, address) => `${resource} sendet dies an ${address ?? 'Sie'}:`,
  over: {
    heading: 'Diese Anfrage ist erledigt',
    text: 'Sie wurde nicht rechtzeitig bestätigt oder zurückgenommen. Wenn Sie das Abonnement möchten, fragen Sie es dort noch einmal an, wo Sie es zuerst getan haben.',
  },
}

const uk: OptInWording = {
  language: 'uk',
  version: 'opt-in-uk-1',
  heading: (category) => `Підписатися на ${category}?`,
  text: (resource, address) => `${resource} надсилатиме це на ${address ?? 'вашу адресу'}:`,
  button: 'Так, підписати мене',
  note: 'Якщо ви нічого не зробите, підписки не буде.',
  confirmed: 'Вас підписано',
  confirmedText: (resource, address) => `${resource} надсилає це на ${address ?? 'вашу адресу'}:`,
  over: {
    heading: 'Цей запит завершено',
    text: 'Його не підтвердили вчасно або відкликали. Якщо бажаєте підписатися, зробіть запит ще раз там, де й першого разу.',
  },
}

const es: OptInWording = {
  language: 'es',
  version: 'opt-in-es-1',
  heading: (category) => `¿Suscribirse a ${category}?`,
  text: (resource, address) => `${resource} enviará esto a ${address ?? 'su dirección'}:`,
  button: 'Sí, suscribirme',
  note: 'Si no hace nada, no quedará suscrito.',
  confirmed: 'Ya está suscrito',
  confirmedText: (resource, address) => `${resource} envía esto a ${address ?? 'su dirección'}:`,
  over: {
    heading: 'Esta solicitud ha terminado',
    text: 'No se confirmó a tiempo o se retiró. Si desea suscribirse, solicítelo de nuevo donde lo hizo la primera vez.',
  },
}

/** The words of confirming a subscription, by language. */
export const optInWordings: Record<Language, OptInWording> = { en, de, uk, es }
