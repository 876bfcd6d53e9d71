import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign, verify } from 'node:crypto'

/** Signs consent documents. */
export interface ConsentKey {
  sign: (text: string) => Buffer
  publicKey: PublicKey
}

export interface PublicKey {
  /** SubjectPublicKeyInfo in PEM form. */
  pem: string
  /** `sha256:` and the hash of the key's DER form in hex: short enough to be read out. */
  fingerprint: string
}

/** What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410, 7). */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')

/**
 * The Ed25519 key of an installation: the 32 bytes that HKDF-SHA-256 (RFC 5869) makes of the secret, without salt, for
 * the purpose `addressee consent document`. The same secret is the same key, for ever.
 * @param secret the first of ADDRESSEE_SECRET.
 */
export function consentKey(secret: string): ConsentKey {
  const seed = Buffer.from(hkdfSync('sha256', secret, '', 'addressee consent document', 32))
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' })
  return { sign: (text) => sign(null, Buffer.from(text), key), publicKey: described(createPublicKey(key)) }
}

const described = (key: KeyObject): PublicKey => ({
  pem: key.export({ format: 'pem', type: 'spki' }).toString(),
  fingerprint: `sha256:${createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('hex')}`,
})

/** Null when the text is no Ed25519 key. */
export function readPublicKey(pem: string): PublicKey | null {
  const key = parsed(pem)
  return key === null ? null : described(key)
}

export function isSignedBy(pem: string, text: string, signature: Buffer): boolean {
  const key = parsed(pem)
  return key !== null && verify(null, Buffer.from(text), key, signature)
}

function parsed(pem: string): KeyObject | null {
  // A private key would be read too, and made into its public one: such a file must not go about.
  if (!pem.includes('BEGIN PUBLIC KEY')) return null
  try {
    const key = createPublicKey(pem)
    return key.asymmetricKeyType === 'ed25519' ? key : null
  } catch {
    return null
  }
}
