import { generateKeyPairSync } from 'node:crypto'
import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { describe, expect, it } from 'vitest'
import type { Content } from '../../channels/channel.ts'
import { compileCampaign } from '../../channels/email/compile.ts'
import { createTokens } from '../../domain/unsubscribe-token.ts'
import { campaignLike, recipientLike, senderLike } from '../setup/campaign.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})

/** Stands in for DNS: the key of this selector, and nothing else. */
const resolver = async (name: string, type: string): Promise<string[][]> => {
  if (name === 's1._domainkey.example.org' && type === 'TXT')
    return [[`v=DKIM1; k=rsa; p=${publicKey.toString('base64')}`]]
  throw Object.assign(new Error(`no ${type} record of ${name}`), { code: 'ENOTFOUND' })
}

const sender = senderLike({ dkim: { domain: 'example.org', selector: 's1', privateKey } })
const signed = (content?: Content, fromName = 'Zoë'): string => {
  const campaign = campaignLike({
    sender: { ...sender, fromName },
    ...(content ? { content: new Map([['en', content]]) } : {}),
  })
  return compileCampaign(campaign, createTokens(['a secret for tests']))
    .compose(recipientLike({ lastName: 'Ærø' }))
    .raw.toString()
}

async function verdictOn(raw: string): Promise<string> {
  const { results } = await dkimVerify(Buffer.from(raw), { resolver })
  expect(results).toHaveLength(1)
  return String(results[0]?.status.result)
}

describe('a DKIM signature, judged by another implementation', () => {
  it('holds', async () => {
    expect(await verdictOn(signed())).toBe('pass')
  })

  it('covers every header that there is, both List-Unsubscribe headers among them', () => {
    const raw = signed()
    const unfolded = raw
      .slice(0, raw.indexOf('\r\n\r\n'))
      .replaceAll(/\r\n[ \t]/g, ' ')
      .split('\r\n')
    const [signature, ...others] = unfolded
    expect(signature).toMatch(
      /^DKIM-Signature: v=1; a=rsa-sha256; c=relaxed\/relaxed; d=example\.org; q=dns\/txt; s=s1; /,
    )
    const covered = /; h=([^;]*)/
      .exec(signature ?? '')?.[1]
      ?.replaceAll(/\s/g, '')
      .split(':')
    expect(covered?.toSorted()).toEqual(others.map((line) => line.slice(0, line.indexOf(':')).toLowerCase()).toSorted())
    expect(covered).toEqual(
      expect.arrayContaining(['list-unsubscribe', 'list-unsubscribe-post', 'reply-to', 'feedback-id']),
    )
  })

  it.each([
    ['an empty text', { subject: '', text: '', html: null }],
    ['nothing but empty lines', { subject: ' ', text: '\n\n\n', html: null }],
    ['empty lines and spaces at the end', { subject: 'a  b', text: 'a  b\t\tc \n \n\n  \n', html: null }],
    ['spaces before soft line breaks', { subject: 'x', text: 'word '.repeat(200), html: '\t<p>  </p>  \n'.repeat(50) }],
    ['long folded headers', { subject: 'word '.repeat(100), text: 'x', html: null }],
  ])('holds with %s', async (_name, content) => {
    expect(await verdictOn(signed(content, 'Имя '.repeat(60)))).toBe('pass')
  })

  it.each([
    ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click', 'List-Unsubscribe=Two-Click'],
    ['List-Unsubscribe', '/u/7QAA', '/u/7QAB'],
    ['Subject', 'Hello Ada', 'Hello Eve'],
    ['Feedback-ID', '42:weekly', '43:weekly'],
    ['the body', 'Leave:', 'Stay:'],
  ])('breaks when %s is altered', async (_name, from, to) => {
    const raw = signed()
    expect(raw).toContain(from)
    expect(await verdictOn(raw.replace(from, to))).not.toBe('pass')
  })
})
