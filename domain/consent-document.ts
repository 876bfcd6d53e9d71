import { z } from 'zod'
import { canonicalJson } from './canonical-json.ts'
import { type ChainedEvent, verifyChain } from './consent-chain.ts'
import { type ConsentKey, isSignedBy, readPublicKey } from './consent-key.ts'

const text = z.string().nullable()
const id = z.string().regex(/^\d{1,19}$/)
const hex = z.string().regex(/^([0-9a-f]{2})*$/)

const event = z.strictObject({
  contactId: id,
  number: z.int(),
  at: z.string(),
  action: z.string(),
  through: z.string(),
  actor: text,
  channel: text,
  addressKey: hex.nullable(),
  categoryId: id.nullable(),
  resourceId: id.nullable(),
  legalBasis: text,
  explanation: text,
  campaignId: id.nullable(),
  wording: text,
  ip: text,
  userAgent: text,
  previous: hex,
  hash: hex,
  // For readers, as it was when the document was made: signed with it, but not part of the chain.
  shown: z.strictObject({ category: text, resource: text, campaign: text, messageId: text }),
})

const unsigned = z.strictObject({
  kind: z.literal('addressee consent history'),
  version: z.literal(1),
  createdAt: z.iso.datetime(),
  software: z.string(),
  contact: z.strictObject({
    id,
    addresses: z.array(z.strictObject({ channel: z.string(), addressKey: hex })),
  }),
  events: z.array(event),
  // For readers: the words of every version that an event names, as far as the release that made the document knows them.
  wordings: z.record(z.string(), z.array(z.strictObject({ page: z.string(), lines: z.array(z.string()) }))),
  head: z.strictObject({ events: z.int(), hash: hex }),
})

const signed = unsigned.extend({
  signature: z.strictObject({
    algorithm: z.literal('Ed25519'),
    publicKey: z.string(),
    fingerprint: z.string(),
    value: z.base64(),
  }),
})

export type UnsignedConsentDocument = z.output<typeof unsigned>
/** A contact's history of consent, signed: what `addressee contacts consent --export` writes. */
export type ConsentDocument = z.output<typeof signed>
export type ShownEvent = ChainedEvent & Pick<UnsignedConsentDocument['events'][number], 'shown'>

/** The signature is over the canonical JSON (RFC 8785) of everything else. */
export function signConsentDocument(document: UnsignedConsentDocument, key: ConsentKey): ConsentDocument {
  const { pem, fingerprint } = key.publicKey
  const value = key.sign(canonicalJson(document)).toString('base64')
  return { ...document, signature: { algorithm: 'Ed25519', publicKey: pem, fingerprint, value } }
}

export interface ConsentVerification {
  /** Nothing is damaged. Whose signature it is, is only proved against a key that was given. */
  ok: boolean
  /** The first thing that is wrong; null when nothing is. */
  damage: string | null
  /** The event in which the damage lies, where it lies in one. */
  event: number | null
  /** Sentences for people. */
  proved: string[]
  notProved: string[]
  /** Of the key that signed; null when that cannot be told. */
  fingerprint: string | null
}

/**
 * Checks a document on its own: form, chain, end, signature. Needs neither database nor network nor secret.
 * @param document the parsed JSON.
 * @param key the installation's public key (PEM) or its fingerprint, from where it was published: without it anybody's
 *   signature is as good as another's.
 */
export function verifyConsentDocument(document: unknown, key?: string): ConsentVerification {
  const parsed = signed.safeParse(document)
  if (!parsed.success) return damaged(formDamage(parsed.error))
  const { signature, ...content } = parsed.data
  const chain = verifyChain(content.contact.id, content.events, content.head)
  if (!chain.ok) return damaged(`event ${chain.number} is wrong: ${chain.why}.`, chain.number)
  const damage = signatureDamage(content, signature, key)
  return damage === null ? sound(content, signature.fingerprint, key !== undefined) : damaged(damage)
}

const damaged = (damage: string, event: number | null = null): ConsentVerification => ({
  ok: false,
  damage,
  event,
  proved: [],
  notProved: [],
  fingerprint: null,
})

function formDamage(error: z.ZodError): string {
  const [issue] = error.issues
  const where = issue === undefined || issue.path.length === 0 ? 'the file' : issue.path.join('.')
  return `This is no consent history as Addressee writes it: ${where}: ${issue?.message ?? 'is wrong'}.`
}

function signatureDamage(
  content: UnsignedConsentDocument,
  signature: ConsentDocument['signature'],
  key: string | undefined,
): string | null {
  const publicKey = readPublicKey(signature.publicKey)
  if (publicKey?.pem !== signature.publicKey || publicKey.fingerprint !== signature.fingerprint)
    return 'The public key in the file is none of Ed25519, or not the one of the fingerprint beside it.'
  if (key !== undefined && fingerprintOf(key) !== publicKey.fingerprint)
    return `It is signed by the key ${publicKey.fingerprint}, and not by the one that was given.`
  const isIntact = isSignedBy(publicKey.pem, canonicalOrEmpty(content), Buffer.from(signature.value, 'base64'))
  return isIntact ? null : 'The signature does not fit: something in the file was changed after it was signed.'
}

const fingerprintOf = (key: string): string | null => readPublicKey(key)?.fingerprint ?? key.trim().toLowerCase()

/** Text that is not well-formed was never signed. */
function canonicalOrEmpty(content: UnsignedConsentDocument): string {
  try {
    return canonicalJson(content)
  } catch {
    return ''
  }
}

const sound = (
  { contact, events, head, createdAt }: UnsignedConsentDocument,
  fingerprint: string,
  isKnown: boolean,
): ConsentVerification => ({
  ok: true,
  damage: null,
  event: null,
  fingerprint,
  proved: [
    `The ${events.length} events of contact ${contact.id} are numbered without a gap, and each carries the hash of the one before.`,
    `The chain ends where the document says: ${head.events} events, hash ${head.hash || 'none'}.`,
    isKnown
      ? `All of it was signed by the key that was given, ${fingerprint}, and not changed since.`
      : 'Nothing was changed since it was signed.',
  ],
  notProved: [
    ...(isKnown
      ? []
      : [`Who signed it: the key is ${fingerprint}. Compare it with the one that the sender published (--key).`]),
    `That the signing key's holder recorded the truth, and that nothing was added after ${createdAt}.`,
    'To whom an address key belongs: only the installation can compute it from an address.',
  ],
})
