import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { parseEmail } from './email-address.ts'
import { Refusal } from './refusal.ts'

// What a resource must be to stand in the headers of a message: checked when it is created, and again when a
// campaign is compiled, because the row may have been written by other hands.

export interface DkimSettings {
  domain: string
  selector: string
  /** RSA or Ed25519, in PEM form. */
  privateKey: string
}

export interface DkimKey {
  /** As the a= of a signature names it: by the type of the key (RFC 6376 3.3, RFC 8463 3). */
  algorithm: 'rsa-sha256' | 'ed25519-sha256'
  privateKey: KeyObject
}

/** RFC 8301 3.2: below that a receiver takes the mail for unsigned; 2048 is what it recommends. */
const fewestRsaBits = 1024

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
export function readDkimKey(dkim: DkimSettings, field: string): DkimKey {
  if (!isDomainLike(dkim.domain) || !isDomainLike(dkim.selector))
    throw new Refusal({
      field,
      rule: 'domain and selector are names in ASCII, as they stand in DNS',
      remedy: 'Correct the DKIM settings of the resource.',
    })
  const privateKey = parseKey(dkim.privateKey)
  if (privateKey?.asymmetricKeyType === 'ed25519') return { algorithm: 'ed25519-sha256', privateKey }
  if (privateKey?.asymmetricKeyType !== 'rsa')
    throw new Refusal({
      field: `${field}.privateKey`,
      rule: 'the DKIM key is an RSA or Ed25519 private key in PEM form',
      remedy: 'Paste the whole key, with its BEGIN and END lines.',
    })
  refuseShortKey(privateKey.asymmetricKeyDetails?.modulusLength ?? 0, field)
  refuseBrokenKey(privateKey, field)
  return { algorithm: 'rsa-sha256', privateKey }
}

/** One with damaged numbers can be read; but it would fail every recipient, one by one. */
function refuseBrokenKey(privateKey: KeyObject, field: string): void {
  if (provesItself(privateKey)) return
  throw new Refusal({
    field: `${field}.privateKey`,
    rule: 'the DKIM key is damaged: what it signs does not verify',
    remedy: 'Paste it again from where it was made, or make a new one.',
  })
}

function provesItself(privateKey: KeyObject): boolean {
  const probe = Buffer.from('probe')
  try {
    return verify('sha256', probe, createPublicKey(privateKey), sign('sha256', probe, privateKey))
  } catch {
    return false
  }
}

function refuseShortKey(bits: number, field: string): void {
  if (bits >= fewestRsaBits) return
  throw new Refusal({
    field: `${field}.privateKey`,
    rule: `an RSA key for DKIM has at least ${fewestRsaBits} bits (RFC 8301), and this one has ${bits}`,
    remedy: 'Make one of 2048 bits.',
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
