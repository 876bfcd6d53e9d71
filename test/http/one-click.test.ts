import type { HttpBindings } from '@hono/node-server'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import { createTokens } from '../../domain/link-token.ts'
import { createDatabase } from '../setup/database.ts'
import { createTestApp } from '../setup/http-app.ts'
import { dropLedger, eventsOf, type SentMessage, seedSent, statusOf, tokens } from '../setup/unsubscribe-seed.ts'

let db: Db
let edge: ReturnType<typeof createTestApp>
beforeAll(async () => {
  db = (await createDatabase()).db
  edge = createTestApp(db)
})

const post = async (token: string, init: RequestInit = {}, env?: object) =>
  await edge.app.request(`/u/${token}`, { method: 'POST', ...init }, env)
const subscriptionOf = ({ contactId, categories }: SentMessage) => statusOf(db, contactId, categories[0]?.id)

const multipart = new FormData()
multipart.set('List-Unsubscribe', 'One-Click')
const endless = () =>
  new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) }, { highWaterMark: 0 })

describe('whatever the body, it unsubscribes at once (RFC 8058)', () => {
  const bodies: [string, RequestInit][] = [
    ['the form of the RFC', { body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }) }],
    ['multipart, the RFC allows it too', { body: multipart }],
    ['nothing', {}],
    ['an empty form', { body: '', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }],
    [
      'a charset parameter',
      {
        body: 'List-Unsubscribe=One-Click',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-16' },
      },
    ],
    ['another value', { body: new URLSearchParams({ 'List-Unsubscribe': 'No' }) }],
    ['JSON', { body: '{"List-Unsubscribe":"One-Click"}', headers: { 'Content-Type': 'application/json' } }],
    ['broken JSON', { body: '{"', headers: { 'Content-Type': 'application/json' } }],
    ['broken multipart', { body: '--x', headers: { 'Content-Type': 'multipart/form-data; boundary=y' } }],
    ['binary', { body: new Uint8Array([0, 255, 1, 128]), headers: { 'Content-Type': 'application/octet-stream' } }],
    ['a type that is none', { body: 'List-Unsubscribe=One-Click', headers: { 'Content-Type': ';;' } }],
    ['what claims to come from the page', { body: new URLSearchParams({ shown: 'unsubscribe-en-1' }) }],
    ['a body without end', { body: endless(), duplex: 'half' }],
  ]
  test.each(bodies)('%s', async (_, init) => {
    const sent = await seedSent(db)
    const answer = await post(sent.token, init)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(await answer.text()).toBe('You were unsubscribed.\n')
    expect(answer.headers.get('location')).toBeNull()
    expect(answer.headers.get('set-cookie')).toBeNull()
    expect(await subscriptionOf(sent)).toBe('unsubscribed')
    expect(await eventsOf(db, sent.campaignId)).toMatchObject([{ through: 'one_click', wording: null }])
  })
})

test('again: the same answer code, and nothing more is recorded', async () => {
  const sent = await seedSent(db)
  await post(sent.token)
  const again = await post(sent.token)
  expect([again.status, await again.text()]).toEqual([200, 'You are already unsubscribed.\n'])
  expect(await eventsOf(db, sent.campaignId)).toHaveLength(1)
})

test('the answer is in the language of the contact', async () => {
  const sent = await seedSent(db, { language: 'de-AT' })
  expect(await (await post(sent.token, { headers: { 'Accept-Language': 'en' } })).text()).toBe(
    'Sie wurden abgemeldet.\n',
  )
})

describe('the consent event says who asked', () => {
  const from = (remoteAddress: string | undefined) => ({
    incoming: { socket: { remoteAddress } } as HttpBindings['incoming'],
  })
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    [undefined, null],
  ])('socket %s: %s', async (socket, ip) => {
    const sent = await seedSent(db)
    const headers = { 'User-Agent': 'M'.repeat(9_000), 'X-Forwarded-For': '203.0.113.9' }
    expect((await post(sent.token, { headers }, from(socket))).status).toBe(200)
    expect(await eventsOf(db, sent.campaignId)).toMatchObject([{ ip, user_agent: 'M'.repeat(500) }])
  })
})

describe('a link that does not work is refused with what to do, and changes nothing', () => {
  const retired = createTokens(['a secret that was rotated out'])
  const altered = (token: string) => token.slice(0, 20) + (token[20] === 'A' ? 'B' : 'A') + token.slice(21)
  const cases: [string, (token: string) => string, number, RegExp][] = [
    ['cut', (token) => token.slice(0, 30), 400, /^This link does not work\. It is incomplete or was changed/],
    ['forged', altered, 400, /^This link does not work\. It is incomplete or was changed/],
    ['not a token', () => '%00%ff', 400, /^This link does not work\./],
    ['with something added', (token) => `${token}.`, 400, /^This link does not work\./],
    [
      'of a key that was retired',
      () => retired.sign({ campaignId: '1', contactId: '1', scope: 'unsubscribe' }),
      410,
      /key that is no longer in use. Use the link in a newer message, or reply to the sender/,
    ],
    [
      'of a message that is forgotten',
      () => tokens.sign({ campaignId: '999999', contactId: '1', scope: 'unsubscribe' }),
      410,
      /If messages still come, use the link in a newer one/,
    ],
  ]
  test.each(cases)('%s', async (_, spoil, status, words) => {
    const sent = await seedSent(db)
    const answer = await post(spoil(sent.token))
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(await answer.text()).toMatch(words)
    expect(await subscriptionOf(sent)).toBe('subscribed')
  })

  test('as a problem for who asks for JSON (RFC 9457)', async () => {
    const answer = await post('cut', { headers: { Accept: 'application/problem+json' } })
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(await answer.json()).toEqual({
      type: 'about:blank',
      title: 'This link does not work',
      status: 400,
      detail: expect.stringContaining('Open it from the message again'),
    })
  })

  test('forged and cut read the same; only the log tells them apart', async () => {
    const { token } = await seedSent(db)
    const start = edge.lines.length
    const texts = [altered(token), token.slice(0, 9)].map(async (spoilt) => await (await post(spoilt)).text())
    expect(new Set(await Promise.all(texts)).size).toBe(1)
    const reasons = edge.lines.slice(start).flatMap((line) => line['why'] ?? [])
    expect(new Set(reasons)).toEqual(new Set(['forged', 'malformed']))
  })
})

test.each([
  [
    'deleted',
    (sent: SentMessage) => db.updateTable('contact').set({ deleted_at: new Date() }).where('id', '=', sent.contactId),
  ],
  ['erased', (sent: SentMessage) => db.deleteFrom('contact').where('id', '=', sent.contactId)],
])('a contact that was %s is unsubscribed in the same words', async (_, remove) => {
  const sent = await seedSent(db)
  await remove(sent).execute()
  const answer = await post(sent.token)
  expect([answer.status, await answer.text()]).toEqual([200, 'You were unsubscribed.\n'])
})

test('after retention dropped the ledger the link still works', async () => {
  const sent = await seedSent(db)
  await dropLedger(db, sent.campaignId)
  expect((await post(sent.token)).status).toBe(200)
  expect(await subscriptionOf(sent)).toBe('unsubscribed')
})

test('no line of the log holds the token or the address', async () => {
  const sent = await seedSent(db)
  const start = edge.lines.length
  await post(sent.token)
  const lines = edge.lines.slice(start)
  expect(lines).toMatchObject([
    { msg: 'unsubscribe', campaignId: sent.campaignId, contactId: sent.contactId, outcome: 'unsubscribed' },
    { msg: 'request', method: 'POST', route: '/u/:token', status: 200 },
  ])
  expect(JSON.stringify(lines)).not.toContain(sent.token)
  expect(JSON.stringify(lines)).not.toContain(sent.address)
})
