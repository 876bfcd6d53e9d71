import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'

/** A key as a resource holds it, and the TXT record that publishes its other half. */
export interface DkimKeyPair {
  privateKey: string
  record: string
}

/** RFC 6376 3.6.1: the record has the whole DER structure. */
export function rsaKey(bits = 2048): DkimKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  return { privateKey, record: `v=DKIM1; k=rsa; p=${publicKey.toString('base64')}` }
}

/** RFC 8463 4.2: the record has the 32 bytes of the key alone. @param privateKey one of its own when there is none. */
export function ed25519Key(privateKey = newEd25519Key()): DkimKeyPair {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  return { privateKey, record: `v=DKIM1; k=ed25519; p=${Buffer.from(x, 'base64url').toString('base64')}` }
}

const newEd25519Key = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

/** Looks like an RSA key and is none: OpenSSL reads it and cannot sign with it, because one of its primes is even. */
export function brokenRsaKey(): string {
  const key = createPrivateKey(rsaKey().privateKey).export({ format: 'jwk' })
  const prime = Buffer.from(key.p ?? '', 'base64url')
  prime[prime.length - 1] = 0
  const broken = createPrivateKey({ key: { ...key, p: prime.toString('base64url') }, format: 'jwk' })
  return broken.export({ type: 'pkcs8', format: 'pem' }).toString()
}
