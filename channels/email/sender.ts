import { createPrivateKey, type KeyObject } from 'node:crypto'
import { parseEmail } from '../../domain/email-address.ts'
import { Refusal } from '../../domain/refusal.ts'
import type { Sender } from '../channel.ts'

/** A sender whose every field can stand in a header as it is, except the two display names. */
export interface CheckedSender {
  name: string
  fromName: string
  fromAddress: string
  /** The part after the @ of the sender's address, in ASCII. */
  domain: string
  replyTo: string | null
  listLabel: string
  listId: string
  dkim: { domain: string; selector: string; privateKey: KeyObject } | null
}

/** @throws Refusal for an address, a List-ID or a DKIM key that no header could hold. */
export function checkSender(sender: Sender): CheckedSender {
  const fromAddress = checkAddress(sender.fromAddress, 'resource.fromAddress')
  return {
    name: sender.name,
    fromName: sender.fromName,
    fromAddress,
    domain: fromAddress.slice(fromAddress.lastIndexOf('@') + 1),
    replyTo: sender.replyTo === null ? null : checkAddress(sender.replyTo, 'resource.replyTo'),
    // RFC 2919 3: angle brackets enclose the id, and only the id.
    listLabel: sender.listLabel.replaceAll(/[<>]/g, ' '),
    listId: checkListId(sender.listId),
    dkim: sender.dkim === null ? null : checkDkim(sender.dkim),
  }
}

function checkAddress(address: string, field: string): string {
  const parsed = parseEmail(address)
  if (parsed.ok) return parsed.value
  throw new Refusal({ field, rule: parsed.rule, remedy: 'Correct the address of the resource.' })
}

/** RFC 2919 3: dot-separated atoms, at most 255 octets. */
function checkListId(listId: string): string {
  if (isDomainLike(listId) && listId.includes('.') && listId.length <= 255) return listId
  throw new Refusal({
    field: 'resource.listId',
    rule: 'a List-ID is words of letters, digits, hyphens and underscores with dots between them, at most 255 in all',
    remedy: 'Use a name under the domain of the sender, like news.example.com.',
  })
}

function checkDkim(dkim: NonNullable<Sender['dkim']>): CheckedSender['dkim'] {
  if (!isDomainLike(dkim.domain) || !isDomainLike(dkim.selector))
    throw new Refusal({
      field: 'resource.dkim',
      rule: 'domain and selector are names in ASCII, as they stand in DNS',
      remedy: 'Correct the DKIM settings of the resource.',
    })
  return { domain: dkim.domain, selector: dkim.selector, privateKey: readRsaKey(dkim.privateKey) }
}

function readRsaKey(pem: string): KeyObject {
  const key = parseKey(pem)
  if (key?.asymmetricKeyType === 'rsa') return key
  // The reason of the parser is left out: it may quote the key.
  throw new Refusal({
    field: 'resource.dkim.privateKey',
    rule: 'the DKIM key is an RSA private key in PEM form',
    remedy: 'Paste the whole key, with its BEGIN and END lines.',
  })
}

function parseKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem)
  } catch {
    return null
  }
}

const isDomainLike = (name: string): boolean => /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(name)
