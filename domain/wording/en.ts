import type { Wording } from './wording.ts'

export const en: Wording = {
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
