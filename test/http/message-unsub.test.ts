import { beforeAll, describe, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import type { ApiScope } from '../../domain/api-key.ts'
import { createTokens } from '../../domain/link-token.ts'
import { createDatabase } from '../setup/database.ts'
import { pendingsOf, seedDelayed, setMode } from '../setup/delayed.ts'
import { createTestApp } from '../setup/http-app.ts'
import { seedCategory } from '../setup/seed.ts'
import { eventsOf, type SentMessage, seedSent, statusOf, tokens } from '../setup/unsubscribe-seed.ts'

let db: Db
let edge: ReturnType<typeof createTestApp>
let apiToken: string
beforeAll(async () => {
  db = (await createDatabase()).db
  edge = createTestApp(db)
  apiToken = (await newKey({ name: 'shop' })).key
})

const newKey = (key: { name: string; scopes?: ApiScope[]; accessGroup?: string }) =>
  edge.addressee.apiKeys.create({ scopes: ['subscriptions:write'], requestsPerSecond: 1000, ...key })

const path = '/api/v1.1/profiles/message_unsub'
type Body = NonNullable<RequestInit['body']>
const post = async (body: Body, headers: Record<string, string> = {}) => {
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body }
  const answer = await edge.app.request(path, init)
  return { http: answer.status, ...((await answer.json()) as object) }
}

async function bodyFor(sent: SentMessage) {
  const { token: rtoken } = await db
    .selectFrom('resource')
    .select('token')
    .where('id', '=', sent.resourceId)
    .executeTakeFirstOrThrow()
  const { campaignId, contactId } = sent
  return { token: apiToken, smid: tokens.sign({ campaignId, contactId, scope: 'message' }), rtoken }
}
const done = { http: 200, error: 0, error_text: 'Successful operation' }
const status = (sent: SentMessage, index = 0) => statusOf(db, sent.contactId, sent.categories[index]?.id)
const keyOf = async (id: string | undefined) =>
  (
    await db
      .selectFrom('category')
      .select('key')
      .where('id', '=', id ?? '')
      .executeTakeFirstOrThrow()
  ).key

test('without categories the contact leaves the resource; again is harmless', async () => {
  const sent = await seedSent(db)
  const body = JSON.stringify({ ...(await bodyFor(sent)), something: 'else' })
  expect(await post(body)).toEqual(done)
  expect(await post(body)).toEqual(done)
  const events = await db.selectFrom('consent_event').selectAll().where('campaign_id', '=', sent.campaignId).execute()
  expect(events).toMatchObject([
    { action: 'opted_out', resource_id: sent.resourceId, through: 'api', actor: 'shop', ip: null },
  ])
})

test('a key that was revoked, may only read, or is of another access group: refused, and nothing is changed', async () => {
  const sent = await seedSent(db)
  const body = await bodyFor(sent)
  const refused = async (token: string) => await post(JSON.stringify({ ...body, token }))
  const revoked = await newKey({ name: 'revoked' })
  await edge.addressee.apiKeys.revoke('revoked')
  expect(await refused(revoked.key)).toMatchObject({ http: 401, code: 'bad_token' })
  expect(await refused((await newKey({ name: 'reader', scopes: ['read'] })).key)).toMatchObject({ http: 401 })
  const agency = await newKey({ name: 'agency', accessGroup: 'agency' })
  expect(await refused(agency.key)).toMatchObject({ http: 403, code: 'bad_rtoken' })
  expect(await status(sent)).toBe('subscribed')
  await db.updateTable('resource').set({ access_group: 'agency' }).where('id', '=', sent.resourceId).execute()
  expect(await refused(agency.key)).toEqual(done)
})

test('more requests than a key may make in a second are told when to come again', async () => {
  const { key } = await edge.addressee.apiKeys.create({ name: 'slow', scopes: ['admin'], requestsPerSecond: 1 })
  const body = JSON.stringify({ ...(await bodyFor(await seedSent(db))), token: key })
  const answers = await Promise.all(Array.from({ length: 5 }, () => post(body)))
  expect(answers).toContainEqual(expect.objectContaining({ http: 429, code: 'rate_limited' }))
})

test('with categories it leaves those', async () => {
  const sent = await seedSent(db, { titles: ['Offers', 'News'] })
  const categories = [await keyOf(sent.categories[1]?.id)]
  expect(await post(JSON.stringify({ ...(await bodyFor(sent)), categories }))).toEqual(done)
  expect([await status(sent, 0), await status(sent, 1)]).toEqual(['subscribed', 'unsubscribed'])
})

test('a delay that runs ends with it', async () => {
  const sent = await seedDelayed(db)
  await edge.app.request(`/u/${sent.token}?shown=modes-en-1`, { method: 'POST' })
  expect(await post(JSON.stringify(await bodyFor(sent)))).toEqual(done)
  expect(await pendingsOf(db, sent.resourceId)).toMatchObject([{ state: 'confirmed', settled_through: 'api' }])
})

test('prohibited: refused with the reason', async () => {
  const sent = await seedSent(db)
  await setMode(db, sent.resourceId, { unsubscribe_mode: 'prohibited', prohibited_reason: 'These are invoices.' })
  expect(await post(JSON.stringify(await bodyFor(sent)))).toEqual({
    http: 403,
    error: 403,
    code: 'prohibited',
    error_text: 'These are invoices.',
  })
  expect(await eventsOf(db, sent.campaignId)).toEqual([])
})

describe('bad input is refused with a code and a sentence, and changes nothing', () => {
  const retired = createTokens(['a secret that was rotated out'])
  type Good = Awaited<ReturnType<typeof bodyFor>>
  test.each<[string, (body: Good, sent: SentMessage) => object, number, string]>([
    ['no key', (body) => ({ ...body, token: 'nobody' }), 401, 'bad_token'],
    ['no token', (body) => ({ ...body, token: undefined }), 400, 'bad_request'],
    ['no smid', (body) => ({ ...body, smid: undefined }), 400, 'bad_request'],
    ['no rtoken', (body) => ({ ...body, rtoken: undefined }), 400, 'bad_request'],
    ['an unknown rtoken', (body) => ({ ...body, rtoken: 'x' }), 403, 'bad_rtoken'],
    ['a link as smid', (body, { token }) => ({ ...body, smid: token }), 400, 'bad_smid'],
    ['a cut smid', (body) => ({ ...body, smid: body.smid.slice(1) }), 400, 'bad_smid'],
    [
      'an old secret',
      (body) => ({ ...body, smid: retired.sign({ campaignId: '1', contactId: '1', scope: 'message' }) }),
      410,
      'smid_too_old',
    ],
    ['a number', (body) => ({ ...body, smid: 5 }), 400, 'bad_request'],
    ['null', () => Object.create(null) as object, 400, 'bad_request'],
    ['a list', () => [], 400, 'bad_request'],
    ['categories: null', (body) => ({ ...body, categories: null }), 400, 'bad_request'],
    ['categories of numbers', (body) => ({ ...body, categories: [1] }), 400, 'bad_request'],
    ['no categories at all', (body) => ({ ...body, categories: [] }), 400, 'bad_request'],
    ['a NUL in a category', (body) => ({ ...body, categories: ['a\0'] }), 400, 'bad_text'],
    ['a NUL in rtoken', (body) => ({ ...body, rtoken: 'a\0' }), 400, 'bad_text'],
  ])('%s', async (_, spoil, http, code) => {
    const sent = await seedSent(db)
    const answer = await post(JSON.stringify(spoil(await bodyFor(sent), sent)))
    expect(answer).toEqual({ http, error: http, code, error_text: expect.stringMatching(/\.$/) })
    expect(await eventsOf(db, sent.campaignId)).toEqual([])
  })

  test('of another resource: smid, rtoken, category', async () => {
    const [sent, other] = [await seedSent(db), await seedSent(db)]
    const [body, theirs] = [await bodyFor(sent), await bodyFor(other)]
    const answers = [
      await post(JSON.stringify({ ...body, smid: theirs.smid })),
      await post(JSON.stringify({ ...body, rtoken: theirs.rtoken })),
      await post(JSON.stringify({ ...body, categories: [(await seedCategory(db, other.resourceId)).key] })),
    ]
    expect(answers).toMatchObject([
      { code: 'wrong_resource' },
      { code: 'wrong_resource' },
      { code: 'unknown_category' },
    ])
    expect([await status(sent), await status(other)]).toEqual(['subscribed', 'subscribed'])
  })

  test.each<[string, Body, Record<string, string>, number, string]>([
    ['no JSON', 'token=1', {}, 400, 'malformed_json'],
    ['empty', '', {}, 400, 'malformed_json'],
    ['a key twice', '{"token":"a","token":"b"}', {}, 400, 'duplicate_key'],
    ['a nested bomb', '['.repeat(20_000) + ']'.repeat(20_000), {}, 400, 'too_deep'],
    ['an unclosed bomb', '[{"a":'.repeat(10_000), {}, 400, 'too_deep'],
    ['invalid UTF-8', new Uint8Array([0x22, 0xff, 0x22]), {}, 400, 'not_utf8'],
    ['too large', `"${'x'.repeat(70_000)}"`, {}, 413, 'too_large'],
    ['a form', 'token=1', { 'Content-Type': 'application/x-www-form-urlencoded' }, 415, 'not_json'],
    ['a type that is none', '{}', { 'Content-Type': ';;' }, 415, 'not_json'],
  ])('%s', async (_, body, headers, http, code) => {
    expect(await post(body, headers)).toEqual({ http, error: http, code, error_text: expect.stringMatching(/\.$/) })
  })

  test('a body without end is not read to its end', async () => {
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(32)) })
    const headers = { 'Content-Type': 'application/json' }
    const init = { method: 'POST', headers, body: endless, duplex: 'half' }
    expect((await edge.app.request(path, init as RequestInit)).status).toBe(413)
  })

  test.each(['GET', 'PUT', 'DELETE', 'PATCH'])('%s is not possible', async (method) => {
    expect((await edge.app.request(path, { method })).status).toBe(405)
  })
})
