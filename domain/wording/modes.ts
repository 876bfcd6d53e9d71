import type { Language } from './language.ts'

interface Text {
  heading: string
  text: string
}

/** The words of what the unsubscribe modes add: delays, second thoughts, refusals. */
export interface ModeWording {
  /** Kept with what the person does on these pages. Other words on them are a new version. */
  version: string
  prohibited: { heading: (resource: string) => string; text: (resource: string) => string }
  /** Below the button that starts the timer. */
  delayNote: (minutes: number) => string
  pending: {
    heading: (resource: string) => string
    /** @param at a time of day, in UTC. */
    text: (minutes: number, at: string) => string
    confirm: string
    cancel: string
  }
  cancelled: { heading: string; text: (resource: string) => string }
  undo: string
  undone: { heading: string; text: (resource: string) => string }
  cannotUndo: Text
  everything: (resource: string) => string
}

const en: ModeWording = {
  version: 'modes-en-1',
  prohibited: {
    heading: (resource) => `You cannot unsubscribe from ${resource} here`,
    text: (resource) =>
      `${resource} sends only messages that you need to receive, such as those about your account or your orders. Reply to the sender if you think that this is wrong.`,
  },
  delayNote: (minutes) =>
    `You can change your mind for ${minutes} ${minutes === 1 ? 'minute' : 'minutes'} after that. Meanwhile nothing is sent.`,
  pending: {
    heading: (resource) => `You are leaving ${resource}`,
    text: (minutes, at) =>
      `You will be unsubscribed in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}, at ${at} UTC, unless you cancel. Until then nothing is sent.`,
    confirm: 'Unsubscribe now',
    cancel: 'Stay subscribed',
  },
  cancelled: { heading: 'You stay subscribed', text: (resource) => `${resource} goes on as before.` },
  undo: 'Undo',
  undone: { heading: 'You are subscribed again', text: (resource) => `${resource} goes on as before.` },
  cannotUndo: {
    heading: 'That cannot be undone any more',
    text: 'It is too long ago, or something was changed since.',
  },
  everything: (resource) => `Unsubscribe from everything of ${resource}`,
}

const de: ModeWording = {
  version: 'modes-de-1',
  prohibited: {
    heading: (resource) => `Von ${resource} können Sie sich hier nicht abmelden`,
    text: (resource) =>
      `${resource} sendet nur Nachrichten, die Sie erhalten müssen, etwa zu Ihrem Konto oder Ihren Bestellungen. Antworten Sie dem Absender, wenn Sie das für falsch halten.`,
  },
  delayNote: (minutes) =>
    `Danach können Sie es sich noch ${minutes} ${minutes === 1 ? 'Minute' : 'Minuten'} lang anders überlegen. In dieser Zeit wird nichts gesendet.`,
  pending: {
    heading: (resource) => `Sie verlassen ${resource}`,
    text: (minutes, at) =>
      `In ${minutes} ${minutes === 1 ? 'Minute' : 'Minuten'}, um ${at} Uhr UTC, werden Sie abgemeldet, wenn Sie nicht abbrechen. Bis dahin wird nichts gesendet.`,
    confirm: 'Jetzt abmelden',
    cancel: 'Angemeldet bleiben',
  },
  cancelled: { heading: 'Sie bleiben angemeldet', text: (resource) => `Mit ${resource} geht es weiter wie bisher.` },
  undo: 'Rückgängig machen',
  undone: { heading: 'Sie sind wieder angemeldet', text: (resource) => `Mit ${resource} geht es weiter wie bisher.` },
  cannotUndo: {
    heading: 'Das lässt sich nicht mehr rückgängig machen',
    text: 'Es ist zu lange her, oder seither wurde etwas geändert.',
  },
  everything: (resource) => `Von allem von ${resource} abmelden`,
}

/** Ukrainian counts in three forms: 1, 21; 2 to 4; the rest. */
function ukMinutes(minutes: number): string {
  const forms: Partial<Record<Intl.LDMLPluralRule, string>> = { one: 'хвилину', few: 'хвилини' }
  return `${minutes} ${forms[new Intl.PluralRules('uk').select(minutes)] ?? 'хвилин'}`
}

const uk: ModeWording = {
  version: 'modes-uk-1',
  prohibited: {
    heading: (resource) => `Відписатися від ${resource} тут неможливо`,
    text: (resource) =>
      `${resource} надсилає лише повідомлення, які ви маєте отримувати, як-от про ваш обліковий запис чи замовлення. Дайте відповідь відправнику, якщо вважаєте, що це помилка.`,
  },
  delayNote: (minutes) =>
    `Після цього ще ${ukMinutes(minutes)} можна передумати. Протягом цього часу нічого не надсилається.`,
  pending: {
    heading: (resource) => `Ви відписуєтеся від ${resource}`,
    text: (minutes, at) =>
      `Вас буде відписано через ${ukMinutes(minutes)}, о ${at} UTC, якщо ви не скасуєте. До того нічого не надсилається.`,
    confirm: 'Відписатися зараз',
    cancel: 'Залишитися підписаним',
  },
  cancelled: { heading: 'Ви залишаєтеся підписаними', text: (resource) => `${resource}: усе, як і раніше.` },
  undo: 'Скасувати відписку',
  undone: { heading: 'Ви знову підписані', text: (resource) => `${resource}: усе, як і раніше.` },
  cannotUndo: {
    heading: 'Цього вже не можна скасувати',
    text: 'Минуло забагато часу, або відтоді щось змінилося.',
  },
  everything: (resource) => `Відписатися від усього від ${resource}`,
}

const es: ModeWording = {
  version: 'modes-es-1',
  prohibited: {
    heading: (resource) => `Aquí no es posible darse de baja de ${resource}`,
    text: (resource) =>
      `${resource} solo envía mensajes que necesita recibir, como los de su cuenta o sus pedidos. Responda al remitente si cree que es un error.`,
  },
  delayNote: (minutes) =>
    `Después tendrá ${minutes} ${minutes === 1 ? 'minuto' : 'minutos'} para cambiar de opinión. Mientras tanto no se envía nada.`,
  pending: {
    heading: (resource) => `Está dejando ${resource}`,
    text: (minutes, at) =>
      `Se le dará de baja en ${minutes} ${minutes === 1 ? 'minuto' : 'minutos'}, a las ${at} UTC, si no lo cancela. Hasta entonces no se envía nada.`,
    confirm: 'Darme de baja ahora',
    cancel: 'Seguir suscrito',
  },
  cancelled: { heading: 'Su suscripción continúa', text: (resource) => `${resource} sigue como antes.` },
  undo: 'Deshacer',
  undone: { heading: 'Vuelve a estar suscrito', text: (resource) => `${resource} sigue como antes.` },
  cannotUndo: {
    heading: 'Ya no se puede deshacer',
    text: 'Ha pasado demasiado tiempo, o algo ha cambiado desde entonces.',
  },
  everything: (resource) => `Darme de baja de todo lo de ${resource}`,
}

export const modeWordings: Record<Language, ModeWording> = { en, de, uk, es }
