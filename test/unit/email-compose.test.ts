import PostalMime from 'postal-mime'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { CampaignContent, Content, Recipient } from '../../channels/channel.ts'
import { compileCampaign } from '../../channels/email/compile.ts'
import { createTokens } from '../../domain/link-token.ts'
import { Refusal } from '../../domain/refusal.ts'
import { campaignLike, composeUnsigned, recipientLike, senderLike } from '../setup/campaign.ts'

const tokens = createTokens(['a secret for tests'])
const token = '7QAAAAAAAAAAKgAAAAAAAAPpHvbfZaFPxhLYn3m9mVE6NA'

const compose = (campaign: Partial<CampaignContent> = {}, recipient: Partial<Recipient> = {}) =>
  composeUnsigned(compileCampaign(campaignLike(campaign), tokens), recipient)
const parse = (campaign?: Partial<CampaignContent>, recipient?: Partial<Recipient>) =>
  PostalMime.parse(compose(campaign, recipient).raw)

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-02T03:04:05Z') }))
afterEach(() => vi.useRealTimers())

describe('the bytes of one message', () => {
  it('are these, with HTML', () => {
    const message = compose({}, { firstName: 'Ádá', lastName: 'O"Brien' })
    expect({ from: message.from, to: message.to }).toEqual({ from: 'news@example.org', to: 'ada@example.com' })
    expect(message.raw.toString()).toBe(
      lines(
        'Date: Mon, 02 Nov 2026 03:04:05 +0000',
        'From: =?UTF-8?B?Wm/DqyBmcm9tIEV4YW1wbGU=?= <news@example.org>',
        'Reply-To: answers+news@example.org',
        'To: =?UTF-8?B?w4Fkw6EgTyJCcmllbg==?= <ada@example.com>',
        'Subject: =?UTF-8?B?SGVsbG8gw4Fkw6E=?=',
        'Message-ID: <campaign-42.recipient-7@example.org>',
        'List-ID: "Weekly, News" <weekly.example.org>',
        `List-Unsubscribe: <https://mail.example.org/u/${token}>, <mailto:answers%2Bnews@example.org?subject=unsubscribe%20${token}>`,
        'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
        'Feedback-ID: 42:weekly.example.org:addressee',
        'MIME-Version: 1.0',
        'Content-Type: multipart/alternative; boundary="=_campaign-42"',
        '',
        '--=_campaign-42',
        'Content-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: quoted-printable',
        '',
        'Hello =C3=81d=C3=A1',
        'Leave: https://mail.example.org/u/7QAAAAAAAAAAKgAAAAAAAAPpHvbfZaFPxhLYn3m9m=',
        'VE6NA',
        '--=_campaign-42',
        'Content-Type: text/html; charset=utf-8',
        'Content-Transfer-Encoding: quoted-printable',
        '',
        '<p>Hello =C3=81d=C3=A1</p>',
        '<a href=3D"https://mail.example.org/u/7QAAAAAAAAAAKgAAAAAAAAPpHvbfZaFPxhLYn=',
        '3m9mVE6NA">Leave</a>',
        '--=_campaign-42--',
      ),
    )
  })

  it('are these, as plain text to a person without a name', () => {
    const campaign = {
      sender: senderLike({ fromName: 'News', replyTo: null, listLabel: '' }),
      content: contentOf({ subject: 'Hi', text: 'Dear reader,\n.\nbye', html: null }),
      publicUrl: 'http://127.0.0.1:8080/',
    }
    expect(compose(campaign, { firstName: null, lastName: null }).raw.toString()).toBe(
      lines(
        'Date: Mon, 02 Nov 2026 03:04:05 +0000',
        'From: News <news@example.org>',
        'To: ada@example.com',
        'Subject: Hi',
        'Message-ID: <campaign-42.recipient-7@example.org>',
        'List-ID: <weekly.example.org>',
        `List-Unsubscribe: <http://127.0.0.1:8080/u/${token}>, <mailto:news@example.org?subject=unsubscribe%20${token}>`,
        'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
        'Feedback-ID: 42:weekly.example.org:addressee',
        'MIME-Version: 1.0',
        'Content-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: quoted-printable',
        '',
        'Dear reader,',
        '.',
        'bye',
      ),
    )
  })

  it('carry no header that unsubscribes when the resource leaves it out; a link in the text is left', () => {
    const raw = compose({ sender: senderLike({ listUnsubscribe: false }) }).raw.toString()
    const headers = raw.slice(0, raw.indexOf('\r\n\r\n'))
    expect(headers).toContain('\r\nList-ID: "Weekly, News" <weekly.example.org>\r\nFeedback-ID: ')
    expect(headers).not.toContain('Unsubscribe')
    expect(raw).toContain('Leave: https://mail.example.org/u/')
  })

  it('name who takes answers', () => {
    const replyTo = (replyToName: string | null) =>
      /^Reply-To: .*(?:\r\n .*)*/m.exec(compose({ sender: senderLike({ replyToName }) }).raw.toString())?.[0]
    expect(replyTo(null)).toBe('Reply-To: answers+news@example.org')
    expect(replyTo('Help, please')).toBe('Reply-To: "Help, please" <answers+news@example.org>')
    expect(replyTo('Zoë')).toBe('Reply-To: =?UTF-8?B?Wm/Dqw==?= <answers+news@example.org>')
    expect(replyTo('x\r\nBcc: a@b.example')).toBe('Reply-To: "x Bcc: a@b.example" <answers+news@example.org>')
  })

  it('are folded between words, and names are quoted where they must be', () => {
    const raw = compose(
      {},
      { firstName: 'Augusta Ada Byron, Countess of', lastName: 'Lovelace (the one of the "Notes")' },
    ).raw.toString()
    expect(raw).toContain(
      'To: "Augusta Ada Byron, Countess of Lovelace (the one of the \\"Notes\\")"\r\n <ada@example.com>\r\n' +
        'Subject: Hello Augusta Ada Byron, Countess of\r\n',
    )
  })
})

describe('the message', () => {
  it.each<[string, Partial<CampaignContent>, Partial<Recipient>]>([
    ["the recipient's", {}, { address: 'ádá@example.com' }],
    ["the sender's", { sender: senderLike({ fromAddress: 'néws@example.org', replyTo: null }) }, {}],
    ['the one for answers', { sender: senderLike({ replyTo: 'réponses@example.org' }) }, {}],
  ])('is UTF-8 when an address is beyond ASCII: %s', (_whose, campaign, recipient) => {
    const { raw } = compose(campaign, recipient)
    expect(raw).toBeInstanceOf(Buffer)
    expect(raw.toString()).toContain(recipient.address ?? campaign.sender?.replyTo ?? campaign.sender?.fromAddress)
  })

  it('is text when all addresses are ASCII, whatever the names and the domains', () => {
    const sender = senderLike({ fromAddress: 'news@bücher.example', replyTo: 'answers@bücher.example', listLabel: 'é' })
    const { raw } = compose({ sender, publicUrl: 'https://bücher.example/é' }, { firstName: 'Ádá', lastName: '山田' })
    expect(raw).toMatch(/^[\x20-\x7e\r\n]+$/)
  })
})

describe('what another program reads in it', () => {
  it('is the person, the subject, the text and the HTML, escaped', async () => {
    const parsed = await parse({}, { firstName: 'Анна <b>', lastName: '山田' })
    expect(parsed.to).toEqual([{ name: 'Анна <b> 山田', address: 'ada@example.com' }])
    expect(parsed.from).toEqual({ name: 'Zoë from Example', address: 'news@example.org' })
    expect(parsed.subject).toBe('Hello Анна <b>')
    expect(parsed.text).toBe(`Hello Анна <b>\nLeave: https://mail.example.org/u/${token}\n`)
    expect(parsed.html).toBe(`<p>Hello Анна &lt;b&gt;</p>\n<a href="https://mail.example.org/u/${token}">Leave</a>\n`)
  })

  it('is the whole text, though it holds the line that would end its part', async () => {
    const boundary = /boundary="(.*)"/.exec(compose().raw.toString())?.[1]
    const text = `before\n--${boundary}--\n--${boundary}\nafter\n`
    const parsed = await parse({ content: contentOf({ subject: 'x', text, html: `<pre>${text}</pre>` }) })
    expect(parsed.text).toBe(text)
    expect(parsed.html).toBe(`<pre>${text}</pre>\n`)
  })

  it('is a link whose token names the campaign and the contact', () => {
    expect(tokens.verify(token, 'unsubscribe')).toEqual({
      ok: true,
      claims: { campaignId: '42', contactId: '1001', scope: 'unsubscribe' },
    })
  })

  it('is the same Message-ID whenever the message is composed', async () => {
    const first = await parse()
    vi.setSystemTime(Date.parse('2027-01-01T00:00:00Z'))
    const second = await parse()
    expect([first.messageId, second.messageId]).toEqual(Array(2).fill('<campaign-42.recipient-7@example.org>'))
    expect([first.date, second.date]).toEqual(['2026-11-02T03:04:05.000Z', '2027-01-01T00:00:00.000Z'])
  })

  it('is an address beyond ASCII as it was written', async () => {
    const parsed = await parse({}, { address: 'ádá.+x@example.com' })
    expect(parsed.to).toEqual([{ name: 'Ada Lovelace', address: 'ádá.+x@example.com' }])
  })

  it('is an internationalised domain in ASCII', async () => {
    const sender = senderLike({ fromAddress: 'news@bücher.example', replyTo: null })
    const parsed = await parse({ sender })
    expect(parsed.from?.address).toBe('news@xn--bcher-kva.example')
    expect(parsed.messageId).toBe('<campaign-42.recipient-7@xn--bcher-kva.example>')
  })
})

describe('the language', () => {
  const subjects = { en: 'English', pt: 'Português', 'pt-br': 'Brasileiro', 'zh-hant': '繁體' }
  const content = new Map(
    Object.entries(subjects).map(([language, subject]) => [language, { subject, text: 'x', html: null }]),
  )
  it.each([
    ['pt-BR', 'Brasileiro'],
    ['PT', 'Português'],
    ['pt-PT', 'Português'],
    ['ZH-Hant', '繁體'],
    ['zh', 'English'],
    ['fr', 'English'],
    ['', 'English'],
    [null, 'English'],
  ])('of a recipient with %s is that of "%s"', async (language, subject) => {
    expect((await parse({ content, defaultLanguage: 'EN' }, { language })).subject).toBe(subject)
  })
})

describe('a campaign that could not be sent is refused', () => {
  const refusedField = (campaign: Partial<CampaignContent>): string => {
    try {
      compileCampaign(campaignLike(campaign), tokens)
    } catch (error) {
      if (error instanceof Refusal) return error.details.field
      throw error
    }
    return 'nothing'
  }
  it.each<[string, Partial<CampaignContent>]>([
    ['resource.fromAddress', { sender: senderLike({ fromAddress: 'news@example.org>\r\nBcc: x@example.com' }) }],
    ['resource.replyTo', { sender: senderLike({ replyTo: 'nobody' }) }],
    ['resource.listId', { sender: senderLike({ listId: 'weekly.example.org>\r\nBcc: x@example.com' }) }],
    ['resource.listId', { sender: senderLike({ listId: 'weekly' }) }],
    ['resource.listId', { sender: senderLike({ listId: `${'a'.repeat(250)}.example` }) }],
    ['resource.dkim', { sender: senderLike({ dkim: { domain: 'a;b', selector: 's', privateKey: '' } }) }],
    [
      'resource.dkim.privateKey',
      { sender: senderLike({ dkim: { domain: 'a.b', selector: 's', privateKey: 'no key' } }) },
    ],
    ['publicUrl', { publicUrl: 'mail.example.org' }],
    ['publicUrl', { publicUrl: 'ftp://mail.example.org' }],
    ['publicUrl', { publicUrl: 'https://mail.example.org/?x=' }],
    ['message.defaultLanguage', { defaultLanguage: 'fr' }],
    ['message.content.en.subject', { content: contentOf({ subject: '{{ nick }}', text: '', html: null }) }],
    ['message.content.en.text', { content: contentOf({ subject: '', text: '{% if %}', html: null }) }],
    ['message.content.en.html', { content: contentOf({ subject: '', text: '', html: '{{ 1 | nofilter }}' }) }],
    ['nothing', {}],
  ])('for %s', (field, campaign) => {
    expect(refusedField(campaign)).toBe(field)
  })
})

describe('a recipient that cannot be composed', () => {
  const compiled = compileCampaign(
    campaignLike({
      content: contentOf({ subject: 'x', text: '{% for i in (1..contact.attributes.n) %}x{% endfor %}', html: null }),
    }),
    tokens,
  )
  it('fails alone, be it for its data or for its address', () => {
    expect(() => compiled.compose(recipientLike({ attributes: { n: 1e9 } }))).toThrow('memory alloc limit exceeded')
    expect(() => compiled.compose(recipientLike({ address: 'a@b.c>\r\nRCPT TO:<x@y.z' }))).toThrow(
      'no header can carry the address',
    )
    expect(composeUnsigned(compiled, { attributes: { n: 2 } }).raw.toString()).toMatch(/\r\n\r\nxx\r\n$/)
  })
})

function contentOf(content: Content): Map<string, Content> {
  return new Map([['en', content]])
}

function lines(...all: string[]): string {
  return all.map((line) => `${line}\r\n`).join('')
}
