import * as fc from 'fast-check'
import PostalMime from 'postal-mime'
import { describe, expect, it } from 'vitest'
import type { OutgoingMessage } from '../../channels/channel.ts'
import { compileCampaign } from '../../channels/email/compile.ts'
import { createTokens } from '../../domain/link-token.ts'
import { campaignLike, composeUnsigned, senderLike } from '../setup/campaign.ts'

type Raw = OutgoingMessage['raw']

const tokens = createTokens(['a secret for tests'])

const fragments = [
  '\r\nBcc: victim@example.com',
  '\nX-Injected: 1',
  '\r',
  '\r\n\r\n<script>',
  '\0',
  '\u2028X: 1\u2029',
  '\u0085',
  '\ud800',
  '\udfff',
  '=?UTF-8?B?Qg==?=',
  '=?UTF-8?Q?=0D=0AX:=201?=',
  '=?',
  '?=',
  '"\\',
  '<evil@example.com>',
  '(comment',
  '>, ',
  ';:@,',
  '--=_campaign-42--',
  '=_campaign-42',
  '\t ',
  '👩‍👩‍👧‍👦',
  '\u202e',
  'é'.repeat(100),
  'w'.repeat(2_000),
  'long '.repeat(2_000),
]
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...fragments), fc.string({ unit: 'binary' }), fc.string(), hostileUnits()), {
    maxLength: 6,
  })
  .map((parts) => parts.join(''))

/** Any sequence of UTF-16 units, halves of pairs included. */
function hostileUnits(): fc.Arbitrary<string> {
  return fc.array(fc.integer({ min: 0, max: 0xff_ff }), { maxLength: 20 }).map((units) => String.fromCharCode(...units))
}

const message = fc.record({
  firstName: fc.option(hostile),
  lastName: fc.option(hostile),
  attribute: hostile,
  fromName: hostile,
  listLabel: hostile,
  withHtml: fc.boolean(),
})

const headerNames = (withHtml: boolean): string[] => [
  'Date',
  'From',
  'Reply-To',
  'To',
  'Subject',
  'Message-ID',
  'List-ID',
  'List-Unsubscribe',
  'List-Unsubscribe-Post',
  'Feedback-ID',
  'MIME-Version',
  'Content-Type',
  ...(withHtml ? [] : ['Content-Transfer-Encoding']),
]

describe('whatever the bytes of names, subjects, attributes and labels', () => {
  it('a message has its own headers and no others, and says what it was given', async () => {
    await fc.assert(
      fc.asyncProperty(message, async (given) => {
        const raw = composeWith(given)
        const { headers, body } = split(raw)
        expect(headers.map(([name]) => name)).toEqual(headerNames(given.withHtml))
        for (const line of body) expect(line.length).toBeLessThanOrEqual(76)
        expect(body.join('\n')).not.toMatch(/[^\x20-\x7e\n\t]/)
        const parsed = await PostalMime.parse(raw)
        expect(parsed.to).toEqual([{ name: fullName(given.firstName, given.lastName), address: 'ada@example.com' }])
        expect(parsed.from).toEqual({ name: seen(given.fromName), address: 'news@example.org' })
        expect(parsed.subject ?? '').toBe(seen(`Re ${given.attribute} !`))
        expect(parsed.headers.find(({ key }) => key === 'list-id')?.value).toMatch(/<weekly\.example\.org>$/)
        expect(withoutLineEnd(parsed.text)).toBe(withoutLineEnd(asRead(`T ${given.attribute} E`)))
        expect(withoutLineEnd(parsed.html)).toBe(
          given.withHtml ? withoutLineEnd(`<p>${escapeHtml(asRead(given.attribute))}</p>`) : '',
        )
      }),
      { numRuns: 300 },
    )
  }, 60_000)
})

describe('whatever an address', () => {
  const address = fc.oneof(
    hostile,
    fc.tuple(hostile, hostile).map(([local, domain]) => `${local}@${domain}`),
  )

  it('a recipient with it has no message, or one with its own headers', () => {
    const compiled = compileCampaign(campaignLike(), tokens)
    fc.assert(
      fc.property(address, (given) => {
        const raw = composedOrNull(() => composeUnsigned(compiled, { address: given }).raw)
        if (raw !== null) expect(split(raw).headers.map(([name]) => name)).toEqual(headerNames(true))
      }),
      { numRuns: 1_000 },
    )
  })

  it('a sender with it, or with such a list, is refused, or has its own headers', () => {
    fc.assert(
      fc.property(address, hostile, (given, listId) => {
        for (const sender of [{ fromAddress: given }, { replyTo: given }, { listId: `${listId}.example` }]) {
          const campaign = campaignLike({ sender: senderLike(sender) })
          const raw = composedOrNull(() => composeUnsigned(compileCampaign(campaign, tokens)).raw)
          if (raw !== null) expect(split(raw).headers.map(([name]) => name)).toEqual(headerNames(true))
        }
      }),
      { numRuns: 300 },
    )
  })

  it('as long as they come fits into lines', () => {
    const long = `${'a'.repeat(64)}@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.com`
    const sender = senderLike({ fromAddress: long, replyTo: long, listId: `${'l'.repeat(247)}.example` })
    const raw = composeUnsigned(compileCampaign(campaignLike({ sender }), tokens), { address: long }).raw
    expect(new Map(split(raw).headers).get('To')).toBe(`Ada Lovelace <${long}>`)
    expect(split(raw).headers.map(([name]) => name)).toEqual(headerNames(true))
  })
})

function composedOrNull(compose: () => Raw): Raw | null {
  try {
    return compose()
  } catch {
    return null
  }
}

interface Given {
  firstName: string | null
  lastName: string | null
  attribute: string
  fromName: string
  listLabel: string
  withHtml: boolean
}

function composeWith({ attribute, firstName, lastName, fromName, listLabel, withHtml }: Given): Raw {
  const content = {
    subject: 'Re {{ contact.attributes.it }} !',
    text: 'T {{ contact.attributes.it }} E',
    html: withHtml ? '<p>{{ contact.attributes.it }}</p>' : null,
  }
  const campaign = campaignLike({ sender: senderLike({ fromName, listLabel }), content: new Map([['en', content]]) })
  const compiled = compileCampaign(campaign, tokens)
  return composeUnsigned(compiled, { firstName, lastName, attributes: { it: attribute } }).raw
}

/** Reads the raw bytes as strictly as RFC 5322 writes them: a bare CR or LF, or a line beyond 998 octets, is an error. */
function split(raw: Raw): { headers: [string, string][]; body: string[] } {
  const text = typeof raw === 'string' ? raw : raw.toString('latin1')
  // Its characters are written as bytes: beyond ASCII they would be others than the headers say.
  if (typeof raw === 'string') expect(raw).not.toMatch(/[^\0-\x7f]/)
  expect(text.endsWith('\r\n')).toBe(true)
  const lines = text.slice(0, -2).split('\r\n')
  for (const line of lines) {
    expect(line).not.toMatch(/[\r\n\0]/)
    expect(line.length).toBeLessThanOrEqual(998)
  }
  const blank = lines.indexOf('')
  const unfolded = lines
    .slice(0, blank)
    .join('\r\n')
    .replaceAll(/\r\n(?=[ \t])/g, '')
    .split('\r\n')
  return { headers: unfolded.map(headerOf), body: lines.slice(blank + 1) }
}

function headerOf(line: string): [string, string] {
  // Only an address may hold bytes beyond ASCII: it cannot be encoded, and needs SMTPUTF8 (RFC 6532).
  const match = /^([A-Za-z-]+): ([\x20-\x7e]*)$/.exec(line) ?? /^(To): ([\x20-\x7e\x80-\xff]*@[\x20-\x7e]*)$/.exec(line)
  if (match === null) throw new Error(`no header: ${line}`)
  return [match[1] ?? '', match[2] ?? '']
}

/** What a person sees of a text in a header: one line, whole characters, single spaces. */
const seen = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp} ]+/gu, ' ')
    .trim()
const fullName = (first: string | null, last: string | null): string => seen(`${first ?? ''} ${last ?? ''}`)

const asRead = (text: string): string => text.toWellFormed().replaceAll(/\r\n|\r|\n/g, '\n')
const withoutLineEnd = (text = ''): string => text.replaceAll(/\r\n/g, '\n').replace(/\n+$/, '')
const escapeHtml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&#34;')
    .replaceAll("'", '&#39;')
