interface OptInWords {
  language: string
  subject: (category: string, resource: string) => string
  reminder: string
  text: (category: string, resource: string) => string
  button: string
  ignore: string
}

const en: OptInWords = {
  language: 'en',
  subject: (category, resource) => `Please confirm: ${category} from ${resource}`,
  reminder: 'Reminder: ',
  text: (category, resource) => `Somebody, hopefully you, asked ${resource} to send “${category}” to this address.`,
  button: 'Yes, I want it',
  ignore: 'If you do nothing, you are not subscribed, and we forget about it.',
}

const de: OptInWords = {
  language: 'de',
  subject: (category, resource) => `Bitte bestätigen: ${category} von ${resource}`,
  reminder: 'Erinnerung: ',
  text: (category, resource) =>
    `Jemand, hoffentlich Sie, hat ${resource} gebeten, „${category}“ an diese Adresse zu senden.`,
  button: 'Ja, das möchte ich',
  ignore: 'Wenn Sie nichts tun, werden Sie nicht angemeldet, und wir vergessen die Anfrage.',
}

const uk: OptInWords = {
  language: 'uk',
  subject: (category, resource) => `Підтвердьте, будь ласка: ${category} від ${resource}`,
  reminder: 'Нагадування: ',
  text: (category, resource) =>
    `Хтось, сподіваємося, що ви, попросив ${resource} надсилати «${category}» на цю адресу.`,
  button: 'Так, я цього хочу',
  ignore: 'Якщо ви нічого не зробите, підписки не буде, і ми забудемо про цей запит.',
}

const es: OptInWords = {
  language: 'es',
  subject: (category, resource) => `Confirme, por favor: ${category} de ${resource}`,
  reminder: 'Recordatorio: ',
  text: (category, resource) =>
    `Alguien, esperamos que usted, pidió a ${resource} que envíe «${category}» a esta dirección.`,
  button: 'Sí, lo quiero',
  ignore: 'Si no hace nada, no quedará suscrito y olvidaremos la solicitud.',
}

const words: Readonly<Record<string, OptInWords>> = { en, de, uk, es }

/** @param language a tag in any case, such as `de-AT`; English for one that we do not speak. */
export function optInWords(language: string | null): OptInWords {
  const [primary = ''] = (language ?? '').toLowerCase().split(/[-_]/)
  return Object.hasOwn(words, primary) ? (words[primary] ?? en) : en
}
