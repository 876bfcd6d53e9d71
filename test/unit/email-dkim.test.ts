import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Content, Recipient } from '../../channels/channel.ts'
import { compileCampaign } from '../../channels/email/compile.ts'
import { createTokens } from '../../domain/link-token.ts'
import { campaignLike, recipientLike, senderLike } from '../setup/campaign.ts'
import { brokenRsaKey, type DkimKeyPair, ed25519Key, rsaKey } from '../setup/dkim-keys.ts'
import { dkimVerdict } from '../setup/dkim-verdict.ts'

const tokens = createTokens(['a secret for tests'])

interface Varied {
  content?: Content
  fromName?: string
  listUnsubscribe?: boolean
  recipient?: Partial<Recipient>
}

async function signed(
  { privateKey }: DkimKeyPair,
  { content, fromName = 'Zoë', listUnsubscribe = true, recipient }: Varied = {},
) {
  const sender = senderLike({ fromName, listUnsubscribe, dkim: { domain: 'example.org', selector: 's1', privateKey } })
  const campaign = campaignLike({ sender, ...(content && { content: new Map([['en', content]]) }) })
  const message = await compileCampaign(campaign, tokens).compose(recipientLike({ lastName: 'Ærø', ...recipient }))
  return message.raw.toString()
}

describe.each([
  ['rsa-sha256', rsaKey()],
  ['ed25519-sha256', ed25519Key()],
])('a DKIM signature by %s, judged by another implementation', (algorithm, key) => {
  it('holds', async () => {
    expect(await dkimVerdict(await signed(key), key)).toBe('pass')
  })

  it('covers all headers, and names none that the resource leaves out', async () => {
    const raw = await signed(key, { listUnsubscribe: false })
    expect(raw).not.toMatch(/list-unsubscribe/i)
    expect(await dkimVerdict(raw, key)).toBe('pass')
  })

  it('covers every header that there is, both List-Unsubscribe headers among them', async () => {
    const raw = await signed(key)
    const unfolded = raw
      .slice(0, raw.indexOf('\r\n\r\n'))
      .replaceAll(/\r\n[ \t]/g, ' ')
      .split('\r\n')
    const [signature = '', ...others] = unfolded
    expect(signature).toMatch(/^DKIM-Signature: v=1; a=[^;]+; c=relaxed\/relaxed; d=example\.org; q=dns\/txt; s=s1; /)
    expect(signature).toContain(` a=${algorithm};`)
    const covered = /; h=([^;]*)/.exec(signature)?.[1]?.split(':')
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
    expect(await dkimVerdict(await signed(key, { content, fromName: 'Имя '.repeat(60) }), key)).toBe('pass')
  })

  it('holds with an address beyond ASCII', async () => {
    expect(await dkimVerdict(await signed(key, { recipient: { address: 'ádá@example.com' } }), key)).toBe('pass')
  })

  it('holds whatever the names, the subject and the body', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(' ', '\t', '\r', '\n', '=', '.', 'a', 'é') }),
    )
    const varied = fc.record({ fromName: text, firstName: text, lastName: text, it: text, withHtml: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(varied, async ({ fromName, firstName, lastName, it, withHtml }) => {
        const hole = '{{ contact.attributes.it }}'
        const content = { subject: `Re ${hole}`, text: hole, html: withHtml ? `<p>${hole}</p>` : null }
        const raw = await signed(key, { content, fromName, recipient: { firstName, lastName, attributes: { it } } })
        expect(await dkimVerdict(raw, key)).toBe('pass')
      }),
    )
  }, 60_000)

  it.each([
    ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click', 'List-Unsubscribe=Two-Click'],
    ['List-Unsubscribe', '/u/7QAA', '/u/7QAB'],
    ['Subject', 'Hello Ada', 'Hello Eve'],
    ['Feedback-ID', '42:weekly', '43:weekly'],
    ['the body', 'Leave:', 'Stay:'],
  ])('breaks when %s is altered', async (_name, from, to) => {
    const raw = await signed(key)
    expect(raw).toContain(from)
    expect(await dkimVerdict(raw.replace(from, to), key)).not.toBe('pass')
  })
})

describe('a key that cannot sign', () => {
  it('is refused before any message, and it says that it is the key', async () => {
    const composing = signed({ privateKey: brokenRsaKey(), record: '' })
    await expect(composing).rejects.toThrow('the DKIM key is damaged: what it signs does not verify')
  })
})
