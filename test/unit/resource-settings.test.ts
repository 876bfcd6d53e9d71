import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Refusal } from '../../domain/refusal.ts'
import { type NewResource, parseResource, patchedResource } from '../../domain/resource-settings.ts'
import { resourceWarnings } from '../../domain/resource-warnings.ts'

const acme: NewResource = {
  key: 'acme',
  name: 'Acme',
  fromName: 'Acme',
  fromAddress: 'news@acme.example',
  listLabel: 'Acme News',
  listId: 'news.acme.example',
}

/** Field and rule of the refusal. */
function refused(input: unknown): string {
  try {
    parseResource(input)
  } catch (error) {
    if (error instanceof Refusal) return `${error.details.field}: ${error.details.rule}`
    throw error
  }
  return 'accepted'
}

describe('a resource', () => {
  test('needs a key, a name, a sender and a List-ID; all else has a default', () => {
    expect(parseResource(acme)).toEqual({
      ...acme,
      description: null,
      accessGroup: null,
      siteUrls: [],
      contactSources: null,
      trackingDomain: null,
      replyToName: null,
      replyTo: null,
      dkim: null,
      listUnsubscribe: true,
      calledUrl: null,
      unsubscribeMode: 'instant',
      unsubscribeTimerSeconds: null,
      unsubscribePageUrl: null,
      prohibitedReason: null,
      frequencyPolicy: null,
      raisesNewAddresses: false,
      colour: null,
      channels: { email: {} },
    })
  })

  test('is written down in one way', () => {
    const written = parseResource({
      ...acme,
      fromAddress: ' News@Bücher.Example ',
      listId: 'News.ACME.example',
      trackingDomain: 'Links.Acme.Example',
      colour: '#AABBCC',
      siteUrls: ['https://acme.example/', 'https://acme.example/'],
      frequencyPolicy: [],
    })
    expect(written).toMatchObject({
      fromAddress: 'News@xn--bcher-kva.example',
      listId: 'news.acme.example',
      trackingDomain: 'links.acme.example',
      colour: '#aabbcc',
      siteUrls: ['https://acme.example/'],
      frequencyPolicy: null,
    })
  })

  const page = 'https://acme.example/bye?smid={send_message_id}'
  test.each<[string, object, string]>([
    ['an unknown field', { nmae: 'x' }, 'nmae: is not a field of a resource, or cannot be changed'],
    ['a key with capitals', { key: 'Acme' }, 'key: must be lower-case letters, digits and single hyphens'],
    ['no name', { name: '  ' }, 'name: must not be empty'],
    ['a name with a line break', { name: 'a\nb' }, 'name: must be one line without control characters'],
    ['a NUL in a text', { description: 'a\0b' }, 'description: must hold no control characters'],
    ['angle brackets in the label', { listLabel: 'a <b>' }, 'listLabel: must hold no angle brackets'],
    ['angle brackets in the List-ID', { listId: '<news.acme.example>' }, 'listId: a List-ID is words of'],
    ['a List-ID of 300 characters', { listId: `${'a.'.repeat(149)}bc` }, 'listId: a List-ID is words of'],
    ['a timer of 31 minutes', delayed(31 * 60), 'unsubscribeTimerSeconds: must be at most 1800 seconds (30 minutes)'],
    ['a timer of nothing', delayed(0), 'unsubscribeTimerSeconds: must be at least 1 second'],
    ['a timer of half a second', delayed(0.5), 'unsubscribeTimerSeconds: must be a whole number of seconds'],
    [
      'a timer that has no mode',
      { unsubscribeTimerSeconds: 60 },
      'unsubscribeTimerSeconds: belongs to the mode delayed',
    ],
    ['a name for answers alone', { replyToName: 'Help' }, 'replyToName: needs an address beside it'],
    ['a colour by name', { colour: 'red' }, 'colour: must be written as #rrggbb'],
    ['an empty list of sources', { contactSources: [] }, 'contactSources: must name a source'],
    ['a domain that is a URL', { trackingDomain: 'https://x.example' }, 'trackingDomain: must be a domain name'],
    ['a site that is a script', { siteUrls: ['javascript:alert(1)'] }, 'siteUrls.0: must be an http or https URL'],
    ['a called URL with a password', { calledUrl: 'https://a:b@x.example' }, 'calledUrl: must be an http or https URL'],
    ['an unknown mode', { unsubscribeMode: 'never' }, 'unsubscribeMode: '],
    [
      'hours and days',
      { frequencyPolicy: [{ messages: 1, hours: 1, days: 1 }] },
      'frequencyPolicy.0: must have either',
    ],
    ['neither hours nor days', { frequencyPolicy: [{ messages: 1 }] }, 'frequencyPolicy.0: must have either'],
    ['no messages', { frequencyPolicy: [{ messages: 0, days: 1 }] }, 'frequencyPolicy.0.messages: must be at least 1'],
    ['no channel', { channels: {} }, 'channels: must have one channel at least'],
    ['an unknown channel', { channels: { pigeon: {} } }, 'channels.pigeon: '],
    ['a channel of every object', { channels: { constructor: {} } }, 'channels.constructor: '],
    ['a channel without its setting', { channels: { sms: {} } }, 'channels.sms.callerId: '],
    [
      'a setting that no channel has',
      { channels: { email: { password: 'x' } } },
      'channels.email.password: is not a field of a resource, or cannot be changed',
    ],
    ['a ninth channel', { channels: nine() }, 'channels: must have at most 8 channels for one resource'],
    [
      'a page that is a script',
      { unsubscribePageUrl: 'javascript:alert({send_message_id})' },
      'unsubscribePageUrl: must',
    ],
    ['a page that is data', { unsubscribePageUrl: 'data:text/html,x' }, 'unsubscribePageUrl: must be an http or https'],
    ['a page without a host', { unsubscribePageUrl: 'https://' }, 'unsubscribePageUrl: must be an http or https URL'],
    [
      'a page on a host that varies',
      { unsubscribePageUrl: 'https://{resource_token}.x.example/' },
      'unsubscribePageUrl: must have its placeholders',
    ],
    [
      'a page with another placeholder',
      { unsubscribePageUrl: `${page}&c={contact}` },
      'unsubscribePageUrl: may hold only',
    ],
    [
      'a page that cannot confirm',
      { unsubscribeMode: 'confirm', unsubscribePageUrl: 'https://x.example' },
      'unsubscribePageUrl: must hold {send_message_id} in the mode confirm',
    ],
    [
      'a page that cannot cancel',
      { unsubscribeMode: 'delayed', unsubscribePageUrl: 'https://x.example' },
      'unsubscribePageUrl: must hold {send_message_id} in the mode delayed',
    ],
  ])('is refused with %s', (_what, change, rule) => {
    expect(refused({ ...acme, ...change })).toMatch(startingWith(rule))
  })

  test.each([
    ['a page in the instant mode', { unsubscribePageUrl: 'https://acme.example/bye' }],
    ['a page that confirms', { unsubscribeMode: 'confirm', unsubscribePageUrl: `${page}&rtoken={resource_token}` }],
    ['no page that confirms: ours does', { unsubscribeMode: 'confirm' }],
    ['eight channels', { channels: Object.fromEntries(Object.entries(nine()).slice(1)) }],
    ['a channel of its own', { channels: { 'custom:fax_2': { lines: 3, colour: true, carrier: 'x' } } }],
    ['a List-ID of 255 characters', { listId: `${'a.'.repeat(127)}b` }],
  ])('may have %s', (_what, change) => {
    expect(refused({ ...acme, ...change })).toBe('accepted')
  })

  test('waits half an hour when it delays and says no more', () => {
    expect(parseResource({ ...acme, unsubscribeMode: 'delayed' }).unsubscribeTimerSeconds).toBe(1800)
  })

  test('whatever it is given, it is parsed or refused with a field and a rule', () => {
    const fields = Object.keys(parseResource(acme))
    fc.assert(
      fc.property(fc.constantFrom(...fields), fc.anything({ withNullPrototype: true }), (field, value) => {
        expect(refused({ ...acme, [field]: value })).toMatch(/^accepted$|^[a-zA-Z]+.*: ./s)
      }),
    )
  })

  test('a page URL that is accepted leads to the same web host whatever stands for its placeholders', () => {
    const piece = fc.constantFrom('https://', '/', 'x.example', '{send_message_id}', '?', '#', '@', ':', '\\', 'a', '.')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), fc.webSegment(), (pieces, value) => {
        const url = pieces.join('')
        if (refused({ ...acme, unsubscribePageUrl: url }) !== 'accepted') return
        const filled = new URL(url.replaceAll('{send_message_id}', encodeURIComponent(value)))
        expect(filled.protocol).toMatch(/^https?:$/)
        expect(filled.host).toBe(new URL(url).host)
        expect(filled.username).toBe('')
      }),
      { numRuns: 5000 },
    )
  })
})

describe('a change', () => {
  const stands: NewResource = { ...acme, description: 'old', unsubscribeMode: 'delayed', unsubscribeTimerSeconds: 60 }

  test('leaves what it does not name, and clears what it names as null', () => {
    expect(patchedResource(stands, { name: 'New' })).toMatchObject({ name: 'New', description: 'old' })
    expect(patchedResource(stands, { description: null })).toMatchObject({ name: 'Acme', description: null })
    expect(patchedResource(stands, {}).unsubscribeTimerSeconds).toBe(60)
  })

  test('of the mode takes the timer along', () => {
    expect(patchedResource(stands, { unsubscribeMode: 'confirm' }).unsubscribeTimerSeconds).toBeNull()
    expect(() => patchedResource(stands, { unsubscribeMode: 'confirm', unsubscribeTimerSeconds: 60 })).toThrow(Refusal)
  })

  test('of the key, or of a field that there is not, is refused', () => {
    expect(() => patchedResource(stands, { key: 'other' } as object)).toThrow('key: is immutable')
    expect(() => patchedResource(stands, { token: 'x' } as object)).toThrow('token: is not a field of a resource')
    expect(() => patchedResource(stands, { name: null } as object)).toThrow('name: ')
  })
})

test('what receivers may hold against it is said', () => {
  const warnings = (change: Partial<NewResource>) => resourceWarnings(parseResource({ ...acme, ...change })).join('\n')
  expect(warnings({})).toMatch(/^No DKIM key: /)
  expect(warnings({ listId: 'news.other.example' })).toMatch(
    /^listId news.other.example is not under the sender's domain/,
  )
  expect(warnings({ listId: 'evilacme.example' })).toMatch(/^listId /)
  expect(warnings({ listUnsubscribe: false })).toContain('Without List-Unsubscribe')
  expect(warnings({ unsubscribeMode: 'prohibited' })).toContain('Without List-Unsubscribe')
})

function delayed(seconds: number) {
  return { unsubscribeMode: 'delayed', unsubscribeTimerSeconds: seconds }
}

function nine() {
  const connection = 'main'
  return {
    email: {},
    sms: { callerId: 'ACME' },
    push: { providers: ['fcm'] },
    telegram_bot: { connection },
    telegram_group: { connection, chatId: '-100' },
    max_bot: { connection },
    whatsapp: { connection },
    viber: { connection, senderName: 'Acme' },
    notify: { connection },
  }
}

const startingWith = (text: string): RegExp => new RegExp(`^${text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')}`)
