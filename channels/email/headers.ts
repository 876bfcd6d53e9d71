import { messageIdOf } from '../../domain/message-id.ts'
import { Refusal } from '../../domain/refusal.ts'
import type { Recipient } from '../channel.ts'
import { field, mailbox, oneLine, phrase, unstructured } from './header-value.ts'
import type { CheckedSender } from './sender.ts'

/** What of the headers is the recipient's own, and the date. */
export interface HeaderHoles {
  recipient: Recipient
  /** With its field name and line end: most often it is the same for all. */
  subjectField: string
  /** The unsubscribe token, and the link that holds it. */
  token: string
  unsubscribeUrl: string
}

/** Writes the headers of one recipient's message, up to and without those of the MIME structure. */
export type HeaderWriter = (holes: HeaderHoles) => string

// Google attributes feedback by the last field, which all mail of a sender has in common.
const feedbackSender = 'addressee'

/** Encodes what all recipients share once, in the order of SPEC: "Headers of a campaign e-mail". */
export function compileHeaders(campaignId: string, sender: CheckedSender): HeaderWriter {
  const from =
    field('From', mailbox(sender.fromName, sender.fromAddress)) +
    (sender.replyTo === null ? '' : field('Reply-To', mailbox(sender.replyToName, sender.replyTo)))
  const listId = field('List-ID', `${phrase(sender.listLabel)} <${sender.listId}>`.trimStart())
  const feedbackId = field('Feedback-ID', `${campaignId}:${sender.listId}:${feedbackSender}`)
  const unsubscribe = sender.listUnsubscribe
    ? unsubscribeFields(mailtoPrefix(sender.replyTo ?? sender.fromAddress))
    : nothing
  const dateTime = clock()
  return ({ recipient, subjectField, token, unsubscribeUrl }) =>
    `Date: ${dateTime()}\r\n` +
    from +
    field('To', mailbox(fullName(recipient), recipient.address)) +
    subjectField +
    `Message-ID: ${messageIdOf(campaignId, recipient.seq, sender.domain)}\r\n` +
    listId +
    unsubscribe(unsubscribeUrl, token) +
    feedbackId
}

const unsubscribeFields =
  (mailto: string) =>
  (url: string, token: string): string =>
    // On one line: receivers are known to look for the link on the first line only.
    `List-Unsubscribe: <${url}>, <${mailto}${token}>\r\n` +
    // RFC 8058 3.1: this very text, and the https link in the header above.
    'List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n'

const nothing = (): string => ''

/**
 * Where a mail client sends its unsubscribe mail (RFC 2369 3.2). To the address that people's answers reach already,
 * with the token in the subject: an address of its own per recipient would need a mailbox that takes any name.
 */
const mailtoPrefix = (address: string): string => {
  const at = address.lastIndexOf('@')
  return `mailto:${encodeURIComponent(address.slice(0, at))}${address.slice(at)}?subject=unsubscribe%20`
}

export const fullName = (recipient: Pick<Recipient, 'firstName' | 'lastName'>): string =>
  oneLine(`${recipient.firstName ?? ''} ${recipient.lastName ?? ''}`)

/** The time as RFC 5322 3.3 writes it, written once for all messages of a second. */
export function clock(): () => string {
  let second = Number.NaN
  let written = ''
  return () => {
    const now = Math.floor(Date.now() / 1_000)
    if (now !== second) {
      second = now
      written = new Date(now * 1_000).toUTCString().replace('GMT', '+0000')
    }
    return written
  }
}

export const subjectField = (subject: string): string => field('Subject', unstructured(subject))

/**
 * Where links of one kind begin, as it can stand between angle brackets: `https://example.com/u/`.
 * @param kind `u`: unsubscribe, `p`: preferences, `o`: confirm an opt-in.
 * @throws Refusal when it is no web address or would not leave room for a token in a line of 998 octets.
 */
export function linkPrefix(publicUrl: string, kind: 'u' | 'p' | 'o'): string {
  const url = URL.parse(publicUrl)
  // `href` is ASCII: what was not is percent-encoded.
  if (url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && url.href.length < 500)
    return `${url.href.replace(/\/$/, '')}/${kind}/`
  throw new Refusal({
    field: 'publicUrl',
    rule: 'the public address is an http or https URL without query, shorter than 500 characters',
    remedy: 'Set it to where recipients reach the HTTP edge, like https://example.com.',
  })
}
