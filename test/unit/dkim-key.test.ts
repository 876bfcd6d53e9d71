import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Refusal } from '../../domain/refusal.ts'
import { readDkimKey } from '../../domain/sender-rules.ts'
import { ed25519Key, rsaKey } from '../setup/dkim-keys.ts'

const read = (privateKey: string) => readDkimKey({ domain: 'example.org', selector: 's1', privateKey }, 'dkim')

const pem = { type: 'pkcs8', format: 'pem' } as const
const publicPem = { type: 'spki', format: 'pem' } as const

describe('a DKIM key', () => {
  const pkcs1 = createPrivateKey(rsaKey().privateKey).export({ type: 'pkcs1', format: 'pem' }).toString()
  it.each([
    ['RSA in PKCS#8', rsaKey().privateKey, 'rsa-sha256'],
    ['RSA in PKCS#1', pkcs1, 'rsa-sha256'],
    ['RSA of 1024 bits', rsaKey(1024).privateKey, 'rsa-sha256'],
    ['Ed25519', ed25519Key().privateKey, 'ed25519-sha256'],
  ])('%s is one', (_name, privateKey, algorithm) => {
    expect(read(privateKey)).toMatchObject({ algorithm, privateKey: { type: 'private' } })
  })

  const wanted = 'the DKIM key is an RSA or Ed25519 private key in PEM form'
  const elliptic = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: pem,
    publicKeyEncoding: publicPem,
  })
  const pss = generateKeyPairSync('rsa-pss', {
    modulusLength: 2048,
    privateKeyEncoding: pem,
    publicKeyEncoding: publicPem,
  })
  it.each([
    ['no key', 'no key', wanted],
    ['the seed of Ed25519 alone', 'nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=', wanted],
    ['a public key', elliptic.publicKey, wanted],
    ['ECDSA', elliptic.privateKey, wanted],
    ['RSA for PSS only', pss.privateKey, wanted],
    [
      'RSA of 1023 bits',
      rsaKey(1023).privateKey,
      'an RSA key for DKIM has at least 1024 bits (RFC 8301), and this one has 1023',
    ],
  ])('%s is none', (_name, privateKey, rule) => {
    expect(refusalOf(privateKey)).toMatchObject({ field: 'dkim.privateKey', rule })
  })
})

function refusalOf(privateKey: string): Refusal['details'] | null {
  try {
    read(privateKey)
    return null
  } catch (error) {
    if (error instanceof Refusal) return error.details
    throw error
  }
}
