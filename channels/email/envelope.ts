import { isAscii } from 'node:buffer'
import type { OutgoingMessage } from '../channel.ts'
import type { Extensions } from './extensions.ts'

/**
 * MAIL, RCPT and DATA as one group of commands (RFC 2920 3.1), one character for each byte on the wire. Declares what
 * the message needs as far as the server has announced it; what it has not, it may refuse.
 */
export function envelopeOf({ from, to, raw }: OutgoingMessage, extensions: Extensions): string {
  let parameters = ''
  // RFC 1870: the size before dots are stuffed, so that a message too large is refused before it travels.
  if (extensions.has('SIZE')) parameters += ` SIZE=${raw.length}`
  if (extensions.has('8BITMIME') && typeof raw !== 'string' && !isAscii(raw)) parameters += ' BODY=8BITMIME'
  const isInternational = nonAscii.test(from) || nonAscii.test(to)
  if (isInternational && extensions.has('SMTPUTF8')) parameters += ' SMTPUTF8'
  const group = `MAIL FROM:<${from}>${parameters}\r\nRCPT TO:<${to}>\r\nDATA\r\n`
  return isInternational ? Buffer.from(group).toString('latin1') : group
}

const nonAscii = /[^\0-\x7f]/

/** Nothing in the addresses can end the command that carries them. */
export const hasSafeAddresses = ({ from, to }: OutgoingMessage): boolean =>
  !unsafe.test(from) && !unsafe.test(to) && to !== ''

const unsafe = /[\p{Cc}<> ]/u
