import type { ParsedResource } from './resource-settings.ts'
import { readDkimKey } from './sender-rules.ts'

/** What receivers may hold against the mail of a resource, though nothing is wrong. */
export function resourceWarnings(resource: ParsedResource): string[] {
  const { fromAddress, listId, listUnsubscribe, unsubscribeMode } = resource
  const sender = fromAddress.slice(fromAddress.lastIndexOf('@') + 1)
  return [
    ...(isAligned(listId, sender)
      ? []
      : [
          `listId ${listId} is not under the sender's domain ${sender}: receivers may not show the unsubscribe button.`,
        ]),
    ...(listUnsubscribe && unsubscribeMode !== 'prohibited'
      ? []
      : ['Without List-Unsubscribe large receivers take bulk mail for spam, and people report it as such.']),
    ...dkimWarnings(resource.dkim, sender),
  ]
}

/** The same domain, or one under the other (RFC 7489 3.1.1, relaxed, without a list of public suffixes). */
const isAligned = (domain: string, sender: string): boolean =>
  domain === sender || domain.endsWith(`.${sender}`) || sender.endsWith(`.${domain}`)

function dkimWarnings(dkim: ParsedResource['dkim'], sender: string): string[] {
  if (dkim === null)
    return [
      'No DKIM key: large receivers refuse or hide bulk mail that is not signed, unless your mail server signs it.',
    ]
  return [
    ...(isAligned(dkim.domain, sender)
      ? []
      : [`dkim.domain ${dkim.domain} does not align with the sender's domain ${sender} (RFC 7489).`]),
    // RFC 8463 6: a signature by an algorithm that a receiver does not know is none to it.
    ...(readDkimKey(dkim, 'dkim').algorithm === 'ed25519-sha256'
      ? [
          'dkim.privateKey is an Ed25519 key: receivers that do not know it yet take the mail for unsigned. RSA is known to all.',
        ]
      : []),
  ]
}
