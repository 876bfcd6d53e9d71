import { checkListId, checkSenderAddress, type DkimKey, readDkimKey } from '../../domain/sender-rules.ts'
import type { Sender } from '../channel.ts'

/** A sender whose every field can stand in a header as it is, except the display names. */
export interface CheckedSender {
  name: string
  fromName: string
  fromAddress: string
  /** The part after the @ of the sender's address, in ASCII. */
  domain: string
  replyToName: string
  replyTo: string | null
  listLabel: string
  listId: string
  listUnsubscribe: boolean
  dkim: { domain: string; selector: string; key: DkimKey } | null
}

/** @throws Refusal for an address, a List-ID or a DKIM key that no header could hold. */
export function checkSender(sender: Sender): CheckedSender {
  const fromAddress = checkSenderAddress(sender.fromAddress, 'resource.fromAddress')
  return {
    name: sender.name,
    fromName: sender.fromName,
    fromAddress,
    domain: fromAddress.slice(fromAddress.lastIndexOf('@') + 1),
    replyToName: sender.replyToName ?? '',
    replyTo: sender.replyTo === null ? null : checkSenderAddress(sender.replyTo, 'resource.replyTo'),
    // RFC 2919 3: angle brackets enclose the id, and only the id.
    listLabel: sender.listLabel.replaceAll(/[<>]/g, ' '),
    listId: checkListId(sender.listId, 'resource.listId'),
    listUnsubscribe: sender.listUnsubscribe,
    dkim: sender.dkim === null ? null : checkDkim(sender.dkim),
  }
}

const checkDkim = (dkim: NonNullable<Sender['dkim']>): CheckedSender['dkim'] => ({
  domain: dkim.domain,
  selector: dkim.selector,
  key: readDkimKey(dkim, 'resource.dkim'),
})
