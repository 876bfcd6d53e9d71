import type { CustomFieldType } from '../custom-field.ts'
import type { Language } from './language.ts'

interface Text {
  heading: string
  text: string
}

export interface PreferenceWording {
  language: Language
  /** Kept with the consent event: which words the person saw. Other words on the page are a new version. */
  version: string
  /** The link from other pages. */
  manage: string
  heading: string
  /** @param address masked; null when it is not known. */
  intro: (resource: string, address: string | null) => string
  optedOut: Record<'everything' | 'resource', (resource: string) => string>
  categories: string
  required: string
  pending: string
  fields: string
  optional: string
  save: string
  everythingOff: string
  everythingOffNote: (resource: string) => string
  note: string
  saved: string
  same: string
  changed: string
  on: string
  off: string
  emptied: string
  yes: string
  no: string
  everythingIsOff: (resource: string) => string
  back: string
  outdated: Text
  badField: (name: string, type: CustomFieldType) => Text
  /** What is wrong with a form. */
  faults: Record<'too_large' | 'wrong_type' | 'broken', Text>
}

const en: PreferenceWording = {
  language: 'en',
  version: 'preferences-en-1',
  manage: 'Manage your subscriptions',
  heading: 'Your subscriptions',
  intro: (resource, address) => `What ${resource} may send to ${address ?? 'you'}.`,
  optedOut: {
    resource: (resource) =>
      `You are unsubscribed from everything of ${resource}. What you switch on here is sent again, and nothing else.`,
    everything: (resource) =>
      `You are unsubscribed from everything, whoever sends it. What you switch on here is sent again by ${resource}, and nothing else.`,
  },
  categories: 'Subscriptions',
  required: 'Part of every subscription; it cannot be changed here.',
  pending: 'Waits for your confirmation. Switch it on here to confirm.',
  fields: 'Details',
  optional: 'optional',
  save: 'Save',
  everythingOff: 'Everything off',
  everythingOffNote: (resource) =>
    `“Everything off” unsubscribes you from all that ${resource} sends, also what is not listed here.`,
  note: 'Nothing changes until you press a button.',
  saved: 'Saved',
  same: 'Nothing was different: everything stays as it is.',
  changed: 'This was changed:',
  on: 'on',
  off: 'off',
  emptied: 'removed',
  yes: 'yes',
  no: 'no',
  everythingIsOff: (resource) => `Everything is off: ${resource} sends you nothing more.`,
  back: 'Back to your subscriptions',
  outdated: {
    heading: 'Nothing was saved',
    text: 'The subscriptions on offer have changed since you opened the page. Open it from the message again, and save what you want.',
  },
  badField: (name, type) => ({
    heading: 'Nothing was saved',
    text: `“${name}” ${{ integer: 'must be a whole number', float: 'must be a number', line: 'must be one line of at most 1000 characters', boolean: 'must be yes or no' }[type]}. Go back, correct it and save again.`,
  }),
  faults: {
    too_large: {
      heading: 'Nothing was saved',
      text: 'That was more than the page can take. Go back and make it shorter.',
    },
    wrong_type: { heading: 'Nothing was saved', text: 'Use the page that the link opens, and its button.' },
    broken: {
      heading: 'Nothing was saved',
      text: 'What arrived was not what the page sends. Open it from the message again, and save what you want.',
    },
  },
}

const de: PreferenceWording = {
  language: 'de',
  version: 'preferences-de-1',
  manage: 'Ihre Abonnements verwalten',
  heading: 'Ihre Abonnements',
  intro: (resource, address) => `Was ${resource} an ${address ?? 'Sie'} senden darf.`,
  optedOut: {
    resource: (resource) =>
      `Sie sind von allem von ${resource} abgemeldet. Was Sie hier einschalten, wird wieder gesendet, und sonst nichts.`,
    everything: (resource) =>
      `Sie sind von allem abgemeldet, wer auch immer es sendet. Was Sie hier einschalten, sendet ${resource} wieder, und sonst nichts.`,
  },
  categories: 'Abonnements',
  required: 'Gehört zu jedem Abonnement und lässt sich hier nicht ändern.',
  pending: 'Wartet auf Ihre Bestätigung. Schalten Sie es hier ein, um zu bestätigen.',
  fields: 'Angaben',
  optional: 'freiwillig',
  save: 'Speichern',
  everythingOff: 'Alles ausschalten',
  everythingOffNote: (resource) =>
    `„Alles ausschalten“ meldet Sie von allem ab, was ${resource} sendet, auch von dem, was hier nicht steht.`,
  note: 'Nichts ändert sich, bevor Sie einen Knopf drücken.',
  saved: 'Gespeichert',
  same: 'Nichts war anders: Alles bleibt, wie es ist.',
  changed: 'Das wurde geändert:',
  on: 'ein',
  off: 'aus',
  emptied: 'entfernt',
  yes: 'ja',
  no: 'nein',
  everythingIsOff: (resource) => `Alles ist ausgeschaltet: ${resource} sendet Ihnen nichts mehr.`,
  back: 'Zurück zu Ihren Abonnements',
  outdated: {
    heading: 'Nichts wurde gespeichert',
    text: 'Das Angebot hat sich geändert, seit Sie die Seite geöffnet haben. Öffnen Sie sie erneut aus der Nachricht, und speichern Sie, was Sie möchten.',
  },
  badField: (name, type) => ({
    heading: 'Nichts wurde gespeichert',
    text: `„${name}“ muss ${{ integer: 'eine ganze Zahl', float: 'eine Zahl', line: 'eine Zeile mit höchstens 1000 Zeichen', boolean: 'ja oder nein' }[type]} sein. Gehen Sie zurück, und berichtigen Sie es.`,
  }),
  faults: {
    too_large: {
      heading: 'Nichts wurde gespeichert',
      text: 'Das war mehr, als die Seite annehmen kann. Gehen Sie zurück, und kürzen Sie es.',
    },
    wrong_type: {
      heading: 'Nichts wurde gespeichert',
      text: 'Benutzen Sie die Seite, die der Link öffnet, und ihren Knopf.',
    },
    broken: {
      heading: 'Nichts wurde gespeichert',
      text: 'Was ankam, ist nicht, was die Seite sendet. Öffnen Sie sie erneut aus der Nachricht, und speichern Sie, was Sie möchten.',
    },
  },
}

const uk: PreferenceWording = {
  language: 'uk',
  version: 'preferences-uk-1',
  manage: 'Керувати підписками',
  heading: 'Ваші підписки',
  intro: (resource, address) => `Що ${resource} може надсилати на ${address ?? 'вашу адресу'}.`,
  optedOut: {
    resource: (resource) =>
      `Ви відписані від усього, що надсилає ${resource}. Надсилатиметься знову лише те, що ви тут увімкнете.`,
    everything: (resource) =>
      `Ви відписані від усього, хто б це не надсилав. ${resource} надсилатиме знову лише те, що ви тут увімкнете.`,
  },
  categories: 'Підписки',
  required: 'Належить до кожної підписки; тут цього не змінити.',
  pending: 'Чекає на ваше підтвердження. Увімкніть тут, щоб підтвердити.',
  fields: 'Дані',
  optional: 'необов’язково',
  save: 'Зберегти',
  everythingOff: 'Вимкнути все',
  everythingOffNote: (resource) =>
    `«Вимкнути все» відписує вас від усього, що надсилає ${resource}, навіть від того, чого тут немає.`,
  note: 'Нічого не зміниться, доки ви не натиснете кнопку.',
  saved: 'Збережено',
  same: 'Нічого не відрізнялося: усе залишається, як було.',
  changed: 'Змінено:',
  on: 'увімкнено',
  off: 'вимкнено',
  emptied: 'вилучено',
  yes: 'так',
  no: 'ні',
  everythingIsOff: (resource) => `Усе вимкнено: ${resource} більше нічого вам не надсилає.`,
  back: 'Назад до ваших підписок',
  outdated: {
    heading: 'Нічого не збережено',
    text: 'Перелік підписок змінився, відколи ви відкрили сторінку. Відкрийте її з листа ще раз і збережіть, що бажаєте.',
  },
  badField: (name, type) => ({
    heading: 'Нічого не збережено',
    text: `«${name}»: має бути ${{ integer: 'ціле число', float: 'число', line: 'один рядок до 1000 знаків', boolean: 'так або ні' }[type]}. Поверніться, виправте й збережіть знову.`,
  }),
  faults: {
    too_large: {
      heading: 'Нічого не збережено',
      text: 'Це більше, ніж сторінка може прийняти. Поверніться й скоротіть.',
    },
    wrong_type: {
      heading: 'Нічого не збережено',
      text: 'Скористайтеся сторінкою, яку відкриває посилання, та її кнопкою.',
    },
    broken: {
      heading: 'Нічого не збережено',
      text: 'Надійшло не те, що надсилає сторінка. Відкрийте її з листа ще раз і збережіть, що бажаєте.',
    },
  },
}

const es: PreferenceWording = {
  language: 'es',
  version: 'preferences-es-1',
  manage: 'Gestionar sus suscripciones',
  heading: 'Sus suscripciones',
  intro: (resource, address) => `Lo que ${resource} puede enviar a ${address ?? 'su dirección'}.`,
  optedOut: {
    resource: (resource) =>
      `Se ha dado de baja de todo lo de ${resource}. Solo se volverá a enviar lo que active aquí.`,
    everything: (resource) =>
      `Se ha dado de baja de todo, lo envíe quien lo envíe. ${resource} solo volverá a enviar lo que active aquí.`,
  },
  categories: 'Suscripciones',
  required: 'Forma parte de toda suscripción; aquí no se puede cambiar.',
  pending: 'Espera su confirmación. Actívela aquí para confirmarla.',
  fields: 'Datos',
  optional: 'opcional',
  save: 'Guardar',
  everythingOff: 'Desactivar todo',
  everythingOffNote: (resource) =>
    `«Desactivar todo» le da de baja de todo lo que envía ${resource}, también de lo que no aparece aquí.`,
  note: 'Nada cambia hasta que pulse un botón.',
  saved: 'Guardado',
  same: 'No había ninguna diferencia: todo queda como está.',
  changed: 'Se ha cambiado:',
  on: 'activado',
  off: 'desactivado',
  emptied: 'eliminado',
  yes: 'sí',
  no: 'no',
  everythingIsOff: (resource) => `Todo está desactivado: ${resource} ya no le envía nada.`,
  back: 'Volver a sus suscripciones',
  outdated: {
    heading: 'No se ha guardado nada',
    text: 'Las suscripciones han cambiado desde que abrió la página. Ábrala de nuevo desde el mensaje y guarde lo que desee.',
  },
  badField: (name, type) => ({
    heading: 'No se ha guardado nada',
    text: `«${name}» debe ser ${{ integer: 'un número entero', float: 'un número', line: 'una línea de 1000 caracteres como máximo', boolean: 'sí o no' }[type]}. Vuelva atrás, corríjalo y guarde de nuevo.`,
  }),
  faults: {
    too_large: {
      heading: 'No se ha guardado nada',
      text: 'Es más de lo que la página puede aceptar. Vuelva atrás y acórtelo.',
    },
    wrong_type: { heading: 'No se ha guardado nada', text: 'Use la página que abre el enlace, y su botón.' },
    broken: {
      heading: 'No se ha guardado nada',
      text: 'Lo que llegó no es lo que envía la página. Ábrala de nuevo desde el mensaje y guarde lo que desee.',
    },
  },
}

/** The words of the preference page, by language. */
export const preferenceWordings: Record<Language, PreferenceWording> = { en, de, uk, es }
