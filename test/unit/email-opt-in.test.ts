import PostalMime from 'postal-mime'
import { describe, expect, test } from 'vitest'
import type { OptInNotice, OutgoingMessage } from '../../channels/channel.ts'
import { compileCampaign } from '../../channels/email/compile.ts'
import { composeOptIn } from '../../channels/email/opt-in.ts'
import { createTokens, type Tokens } from '../../domain/link-token.ts'
import { campaignLike, composeUnsigned, recipientLike, senderLike } from '../setup/campaign.ts'

const tokens = createTokens(['a secret for tests'])

function compose(changes: Partial<OptInNotice> = {}): OutgoingMessage {
  const notice = {
    requestId: '5',
    number: 1,
    sender: senderLike(),
    to: recipientLike(),
    category: 'Weekly news',
  } as const
  const message = composeOptIn({ ...notice, publicUrl: 'https://mail.example.org', ...changes }, tokens)
  if (message instanceof Promise) throw new Error('an unsigned message is no promise')
  return message
}
const parse = (changes?: Partial<OptInNotice>) => PostalMime.parse(compose(changes).raw)

describe('the mail that asks', () => {
  test.each([
    ['en', 'Please confirm: Weekly news from Example News', 'If you do nothing'],
    ['de-AT', 'Bitte bestätigen: Weekly news von Example News', 'Wenn Sie nichts tun'],
    ['UK', 'Підтвердьте, будь ласка: Weekly news від Example News', 'Якщо ви нічого не зробите'],
    ['es', 'Confirme, por favor: Weekly news de Example News', 'Si no hace nada'],
    ['fr', 'Please confirm: Weekly news from Example News', 'If you do nothing'],
    ['__proto__', 'Please confirm: Weekly news from Example News', 'If you do nothing'],
    [null, 'Please confirm: Weekly news from Example News', 'If you do nothing'],
  ])('speaks %s', async (language, subject, ignore) => {
    const mail = await parse({ to: recipientLike({ language }) })
    expect(mail.subject).toBe(subject)
    expect(mail.text).toContain(ignore)
    expect(mail.html).toContain(ignore)
  })

  test('holds the link of this request and contact, and nothing of bulk mail', async () => {
    const mail = await parse()
    const [, token = ''] = /https:\/\/mail\.example\.org\/o\/(\S+)/.exec(mail.text ?? '') ?? []
    expect(tokens.verify(token, 'opt_in')).toEqual({
      ok: true,
      claims: { scope: 'opt_in', requestId: '5', contactId: '1001' },
    })
    const names = mail.headers.map(({ key }) => key)
    expect(names).toContain('auto-submitted')
    expect(names.filter((name) => /^(list-|feedback-id|precedence)/.test(name))).toEqual([])
    expect(mail.messageId).toBe('<opt-in-5.1@example.org>')
  })

  test('no name can begin a header or end the markup', async () => {
    const evil = 'A\r\nBcc: all@example.com\r\n\r\n<script>"\'&'
    const mail = await parse({
      category: evil,
      sender: senderLike({ name: evil, fromName: evil }),
      to: recipientLike({ firstName: evil }),
    })
    expect(mail.headers.map(({ key }) => key)).not.toContain('bcc')
    expect(mail.html).not.toContain('<script')
  })

  test('an address that no header can carry is refused', () => {
    expect(() => compose({ to: recipientLike({ address: 'a@b.example\r\nBcc: c' }) })).toThrow('no header can carry')
  })
})

describe('preferences_url', () => {
  const counting = () => {
    const scopes: string[] = []
    const counted: Tokens = {
      ...tokens,
      sign: (claims) => {
        scopes.push(claims.scope)
        return tokens.sign(claims)
      },
    }
    return { scopes, counted }
  }
  const content = (text: string) => new Map([['en', { subject: 'Hello', text, html: null }]])

  test('is the link to the preference page of this message', async () => {
    const { scopes, counted } = counting()
    const compiled = compileCampaign(campaignLike({ content: content('{{ preferences_url }}') }), counted)
    const mail = await PostalMime.parse(composeUnsigned(compiled).raw)
    const [, token = ''] = /https:\/\/mail\.example\.org\/p\/(\S+)/.exec(mail.text ?? '') ?? []
    expect(tokens.verify(token, 'preferences')).toMatchObject({
      ok: true,
      claims: { campaignId: '42', contactId: '1001' },
    })
    expect(tokens.verify(token, 'unsubscribe')).toEqual({ ok: false, why: 'forged' })
    expect(scopes).toEqual(['unsubscribe', 'preferences'])
  })

  test('no token is made where no template asks for it', () => {
    const { scopes, counted } = counting()
    composeUnsigned(compileCampaign(campaignLike({ content: content('{{ unsubscribe_url }}') }), counted))
    expect(scopes).toEqual(['unsubscribe'])
  })
})
