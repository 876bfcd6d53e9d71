import { describe, expect, it } from 'vitest'
import { dkimSigner } from '../../channels/email/dkim.ts'
import { signatureOf } from '../../channels/email/dkim-signature.ts'
import { readDkimKey } from '../../domain/sender-rules.ts'
import { ed25519Key } from '../setup/dkim-keys.ts'

/** RFC 8463, appendix A: a key, its record, and a message with the signature that everybody must arrive at. */
const published = {
  privateKey:
    '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n',
  record: 'v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
  body: 'Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n',
  bodyHash: '2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=',
  /** In canonical form. */
  headers: [
    'from:Joe SixPack <joe@football.example.com>',
    'to:Suzie Q <suzie@shopping.example.net>',
    'subject:Is dinner ready?',
    'date:Fri, 11 Jul 2003 21:00:37 -0700 (PDT)',
    'message-id:<20030712040037.46341.5F8J@football.example.com>',
    'dkim-signature:v=1; a=ed25519-sha256; c=relaxed/relaxed; d=football.example.com; i=@football.example.com; q=dns/txt; s=brisbane; t=1528637909; h=from : to : subject : date : message-id : from : subject : date; bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; b=',
  ],
  signature: '/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==',
}

describe('the example of RFC 8463', () => {
  const settings = { domain: 'football.example.com', selector: 'brisbane', privateKey: published.privateKey }
  const key = readDkimKey(settings, 'dkim')

  it('has this record', () => {
    expect(ed25519Key(published.privateKey).record).toBe(published.record)
  })

  it('has this signature', () => {
    expect(signatureOf(published.headers.join('\r\n'), key)).toBe(published.signature)
  })

  it('has this body hash', async () => {
    const field = await dkimSigner({ ...settings, key })('From: joe@football.example.com\r\n', published.body)
    expect(field).toContain(` bh=${published.bodyHash};\r\n`)
  })
})
