import { createPrivateKey, type KeyObject } from 'node:crypto'
import { parseEmail } from './email-address.ts'
import { Refusal } from './refusal.ts'

// What a resource must be to stand in the headers of a message: checked when it is created, and again when a
// campaign is compiled, because the row may have been written by other hands.

export interface DkimSettings {
  domain: string
  selector: string
  /** RSA, in PEM form. */
  privateKey: string
}

/** @returns the address with its domain in ASCII. @throws {Refusal} */
export function checkSenderAddress(address: string, field: string): string {
  const parsed = parseEmail(address)
  if (parsed.ok) return parsed.value
  throw new Refusal({ field, rule: parsed.rule, remedy: 'Give an address such as news@acme.example.' })
}

/** RFC 2919 3: dot-separated atoms, at most 255 octets. @throws {Refusal} */
export function checkListId(listId: string, field: string): string {
  if (isDomainLike(listId) && listId.includes('.') && listId.length <= 255) return listId
  throw new Refusal({
    field,
    rule: 'a List-ID is words of letters, digits, hyphens and underscores with dots between them, at most 255 in all',
    remedy: 'Use a name under the domain of the sender, like news.example.com.',
  })
}

/** @throws {Refusal} that never quotes the key. */
export function readDkimKey(dkim: DkimSettings, field: string): KeyObject {
  if (!isDomainLike(dkim.domain) || !isDomainLike(dkim.selector))
    throw new Refusal({
      field,
      rule: 'domain and selector are names in ASCII, as they stand in DNS',
      remedy: 'Correct the DKIM settings of the resource.',
    })
  const key = parseKey(dkim.privateKey)
  if (key?.asymmetricKeyType === 'rsa') return key
  throw new Refusal({
    field: `${field}.privateKey`,
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
