import type { Wording } from './wording.ts'

export const es: Wording = {
  language: 'es',
  version: 'unsubscribe-es-1',
  confirm: {
    heading: (resource) => `Darse de baja de ${resource}`,
    text: ({ resource, address, listed }) =>
      `${resource} ya no enviará nada ${listed ? 'de esto ' : ''}a ${address ?? 'su dirección'}${listed ? ':' : '.'}`,
    button: 'Darse de baja',
    note: 'Nada cambia hasta que pulse el botón.',
  },
  unsubscribed: 'Se ha dado de baja',
  already: 'Ya estaba dado de baja',
  result: ({ resource, address, listed }) =>
    `${resource} ya no envía nada ${listed ? 'de esto ' : ''}a ${address ?? 'su dirección'}${listed ? ':' : '.'}`,
  othersStay: 'Las demás suscripciones quedan como están.',
  badLink: {
    heading: 'Este enlace no funciona',
    text: 'Está incompleto o cambió por el camino. Ábralo de nuevo desde el mensaje, entero y sin saltos de línea, o responda al remitente y pida que le den de baja.',
  },
  retiredKey: {
    heading: 'Este enlace es demasiado antiguo',
    text: 'Se creó con una clave que ya no se usa. Use el enlace de un mensaje más reciente, o responda al remitente y pida que le den de baja.',
  },
  gone: {
    heading: 'Este enlace es demasiado antiguo',
    text: 'Aquí ya no se conocen ni el mensaje del que procede ni su dirección. Si siguen llegando mensajes, use el enlace de uno más reciente, o responda al remitente y pida que le den de baja.',
  },
  notFound: {
    heading: 'Aquí no hay ninguna página',
    text: 'Compruebe la dirección, o abra de nuevo el enlace desde el mensaje.',
  },
  failed: (errorId) => ({
    heading: 'No ha funcionado',
    text: `Inténtelo de nuevo en unos minutos. Si vuelve a fallar, responda al remitente e indique el error ${errorId}.`,
  }),
}
