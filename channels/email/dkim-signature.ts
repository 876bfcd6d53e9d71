import { hash, sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { DkimKey } from '../../domain/sender-rules.ts'

const signInPool = promisify(sign)

/**
 * Signs the header data of a message. An RSA signature takes as long as composing twenty messages: it is made in
 * libuv's thread pool, on another core. Ed25519 takes an eighth of that, hardly more than the way to the pool and back.
 * @param data canonical, the DKIM-Signature field without its b= last (RFC 6376 3.7).
 * @returns the value of b=, not folded.
 */
export function signatureOf(data: string, { algorithm, privateKey }: DkimKey): string | Promise<string> {
  const bytes = Buffer.from(data)
  switch (algorithm) {
    case 'rsa-sha256':
      return signInPool('sha256', bytes, privateKey).then(base64, couldNotSign)
    case 'ed25519-sha256':
      // RFC 8463 3: PureEdDSA over the hash, not over the data.
      return base64(sign(null, hash('sha256', bytes, 'buffer'), privateKey))
  }
}

const base64 = (signature: Buffer): string => signature.toString('base64')

/** The library's own words ("no inverse") name neither DKIM nor a key. */
const couldNotSign = (cause: unknown): never => {
  throw new Error('the DKIM key could not sign', { cause })
}
