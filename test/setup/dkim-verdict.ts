import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { expect } from 'vitest'
import type { DkimKeyPair } from './dkim-keys.ts'

/** What another implementation says of the one signature of a message. In place of DNS it asks for this key alone. */
export async function dkimVerdict(raw: string | Buffer, key: DkimKeyPair, domain = 'example.org'): Promise<string> {
  const resolver = async (name: string, type: string): Promise<string[][]> => {
    if (name === `s1._domainkey.${domain}` && type === 'TXT') return [[key.record]]
    throw Object.assign(new Error(`no ${type} record of ${name}`), { code: 'ENOTFOUND' })
  }
  const { results } = await dkimVerify(Buffer.from(raw), { resolver })
  expect(results).toHaveLength(1)
  return String(results[0]?.status.result)
}
