import { expect, test } from 'vitest'
import {
  type CampaignDefinition,
  checkDefinition,
  refusePastHour,
  warningsOf,
} from '../../domain/campaign-definition.ts'
import { Refusal } from '../../domain/refusal.ts'

const content = { en: { subject: 'Hello', text: 'Hello {{ unsubscribe_url }}' } }
const good: CampaignDefinition = { key: 'june', resource: 'acme', categories: ['news'], content, now: true }

function refusalOf(definition: object): string {
  try {
    checkDefinition({ ...good, ...definition })
  } catch (error) {
    if (error instanceof Refusal) return error.message
    throw error
  }
  return 'accepted'
}

test('what is left out has its default', () => {
  expect(checkDefinition(good)).toMatchObject({
    title: 'june',
    match: 'any',
    segments: [],
    defaultLanguage: 'en',
    onUncertain: 'hold',
    retryDelaysSeconds: [60, 300, 900, 3600],
    content: { en: { html: null } },
  })
})

test.each([
  [{ key: 'June!' }, 'key: must be lower-case letters, digits and single hyphens. Correct the value.'],
  [{ subject: 'x' }, 'subject: is not a field of a campaign. Remove it, or correct its name.'],
  [
    { categories: [] },
    'categories: a campaign needs a category or a segment: with neither it would go to everybody. ' +
      'Name at least one of categories or segments.',
  ],
  [{ now: false }, 'sendAt: is missing. Give either sendAt (a time in the future) or now: true (--now).'],
  [
    { sendAt: '2030-01-31T09:00:00Z' },
    'sendAt: cannot be given together with now. Give either sendAt (a time in the future) or now: true (--now).',
  ],
  [{ now: false, sendAt: '2030-01-31 09:00' }, 'sendAt: must be an ISO 8601 time with an offset. Correct the value.'],
  [{ content: {} }, 'content: must hold one language at least. Correct the value.'],
  [
    { content: { ...content, de: content.en } },
    'defaultLanguage: is needed when there are several languages. Name one of en, de: contacts of other languages get it.',
  ],
  [
    { defaultLanguage: 'fr' },
    'defaultLanguage: has no content (fr). Name one of en: contacts of other languages get it.',
  ],
  [
    { content: { en: { subject: 'x', text: '' } } },
    'content.en.text: must not be empty: some people read only the text. Correct the value.',
  ],
])('%j is refused', (definition, message) => {
  expect(refusalOf(definition)).toBe(message)
})

test('a template that cannot work is refused with its place', () => {
  const withText = (text: string) => refusalOf({ content: { en: { subject: 'Hello', text } } })
  expect(withText('Hello {{ contact.shoe_size }}')).toMatch(
    /^content\.en\.text: the template uses the unknown variable contact\.shoe_size/,
  )
  expect(withText('{% for i in (1..100000000) %}x{% endfor %}')).toMatch(
    /^content\.en\.text: the template does not work/,
  )
  expect(withText('{% if %}')).toMatch(/^content\.en\.text: the template does not work/)
})

test('an hour in the past is refused, at once is not', () => {
  const now = new Date('2026-06-01T09:00:00Z')
  const at = (sendAt: string) => checkDefinition({ ...good, now: false, sendAt })
  expect(() => refusePastHour(at('2026-06-01T08:59:59Z'), now)).toThrow(
    'sendAt: lies in the past (2026-06-01T08:59:59.000Z). Give a later time, or send at once with now: true (--now).',
  )
  expect(() => refusePastHour(at('2026-06-01T11:00:01+02:00'), now)).not.toThrow()
  expect(() => refusePastHour(checkDefinition(good), new Date('2999-01-01'))).not.toThrow()
})

test('what the author should know is said, and no more', () => {
  expect(warningsOf(checkDefinition(good))).toEqual([])
  const plain = checkDefinition({
    ...good,
    categories: [],
    segments: ['vip'],
    content: { en: { subject: 'x', text: 'y', html: 'z' } },
  })
  expect(warningsOf(plain)).toEqual([
    'The message has no category: it goes to everyone of the segments.',
    "content.en.text has no {{ unsubscribe_url }}: only the mail client's button unsubscribes.",
    "content.en.html has no {{ unsubscribe_url }}: only the mail client's button unsubscribes.",
  ])
})
