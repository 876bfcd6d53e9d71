import { beforeAll, describe, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import { createTokens } from '../../domain/link-token.ts'
import { createDatabase } from '../setup/database.ts'
import { pendingsOf, setMode } from '../setup/delayed.ts'
import { createTestApp } from '../setup/http-app.ts'
import { seedCategory } from '../setup/seed.ts'
import { eventsOf, type SentMessage, seedSent, statusOf, tokens } from '../setup/unsubscribe-seed.ts'

let db: Db
let edge: ReturnType<typeof createTestApp>
beforeAll(async () => {
  db = (await createDatabase()).db
  edge = createTestApp(db)
})

interface OwnPage extends SentMessage {
  key: string
  rtoken: string
  smid: string
  categoryKeys: string[]
}

type Mode = 'instant' | 'confirm' | 'delayed' | 'prohibited'

async function seedPage(mode: Mode, titles = ['News']): Promise<OwnPage> {
  const sent = await seedSent(db, { titles })
  await setMode(db, sent.resourceId, {
    unsubscribe_mode: mode,
    unsubscribe_page_url: 'https://acme.example/bye?m={send_message_id}',
    site_urls: ['https://shop.acme.example/', 'javascript:alert(1)'],
    ...(mode === 'delayed' ? { unsubscribe_timer_seconds: 600 } : {}),
  })
  const { key, token } = await db
    .selectFrom('resource')
    .select(['key', 'token'])
    .where('id', '=', sent.resourceId)
    .executeTakeFirstOrThrow()
  const rows = await db
    .selectFrom('category')
    .select('key')
    .where('resource_id', '=', sent.resourceId)
    .orderBy('id')
    .execute()
  const smid = tokens.sign({ campaignId: sent.campaignId, contactId: sent.contactId, scope: 'message' })
  return { ...sent, key, rtoken: token, smid, categoryKeys: rows.map((row) => row.key) }
}

const json = { 'Content-Type': 'application/json', Origin: 'https://acme.example' }
const send = async (page: OwnPage, body: object, headers: Record<string, string> = {}) =>
  await edge.app.request(`/sdk/unsub?id=${page.key}`, {
    method: 'POST',
    headers: { ...json, ...headers },
    body: JSON.stringify(body),
  })
const call = async (page: OwnPage, action: 'confirm' | 'cancel', more: object = {}) => {
  const answer = await send(page, { action, smid: page.smid, ...more })
  return { http: answer.status, ...((await answer.json()) as object) }
}
const start = (page: OwnPage) => edge.app.request(`/u/${page.token}?shown=modes-en-1`, { method: 'POST' })
const status = (page: OwnPage, index = 0) => statusOf(db, page.contactId, page.categories[index]?.id)

describe('what a call does', () => {
  test.each(['instant', 'confirm', 'delayed'] as const)('%s: confirm unsubscribes, once', async (mode) => {
    const page = await seedPage(mode)
    expect(await call(page, 'confirm')).toEqual({ http: 200, status: 'unsubscribed' })
    expect(await call(page, 'confirm')).toEqual({ http: 200, status: 'already_unsubscribed' })
    expect(await status(page)).toBe('unsubscribed')
    expect(await eventsOf(db, page.campaignId)).toMatchObject([{ through: 'sdk', action: 'unsubscribed' }])
  })

  test('a delay that runs is confirmed, or cancelled; whoever comes second is told', async () => {
    const confirmed = await seedPage('delayed')
    await start(confirmed)
    expect(await call(confirmed, 'confirm')).toMatchObject({ status: 'unsubscribed' })
    expect(await call(confirmed, 'cancel')).toMatchObject({ status: 'already_unsubscribed' })
    expect(await pendingsOf(db, confirmed.resourceId)).toMatchObject([{ state: 'confirmed', settled_through: 'sdk' }])

    const cancelled = await seedPage('delayed')
    await start(cancelled)
    expect(await call(cancelled, 'cancel')).toMatchObject({ status: 'cancelled' })
    expect(await call(cancelled, 'cancel')).toMatchObject({ status: 'cancelled' })
    expect(await call(cancelled, 'confirm')).toMatchObject({ status: 'cancelled' })
    expect(await status(cancelled)).toBe('subscribed')
  })

  test('nothing to cancel', async () => {
    expect(await call(await seedPage('confirm'), 'cancel')).toEqual({ http: 200, status: 'nothing_pending' })
  })

  test('only the categories that are named', async () => {
    const page = await seedPage('delayed', ['Offers', 'News'])
    await start(page)
    const categories = page.categoryKeys.slice(0, 1)
    expect(await call(page, 'cancel', { categories })).toMatchObject({ status: 'cancelled' })
    expect(await call(page, 'confirm', { categories: page.categoryKeys.slice(1) })).toMatchObject({
      status: 'unsubscribed',
    })
    expect([await status(page, 0), await status(page, 1)]).toEqual(['subscribed', 'unsubscribed'])
  })

  test('prohibited: refused with the reason', async () => {
    const page = await seedPage('prohibited')
    for (const action of ['confirm', 'cancel'] as const)
      expect(await call(page, action)).toMatchObject({ http: 403, code: 'prohibited', message: expect.any(String) })
    expect(await status(page)).toBe('subscribed')
  })
})

describe('who may ask', () => {
  test('the preflight allows the own page and the own sites, without credentials', async () => {
    const page = await seedPage('confirm')
    const ask = async (origin: string, id = page.key) =>
      await edge.app.request(`/sdk/unsub?id=${id}`, { method: 'OPTIONS', headers: { Origin: origin } })
    for (const origin of ['https://acme.example', 'https://shop.acme.example']) {
      const { status, headers } = await ask(origin)
      expect([status, headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([204, origin, 'Origin'])
      expect(headers.get('access-control-allow-credentials')).toBeNull()
    }
    for (const origin of [
      'https://evil.example',
      'http://acme.example',
      'https://acme.example.evil',
      'null',
      'javascript:',
    ])
      expect((await ask(origin)).headers.get('access-control-allow-origin')).toBeNull()
    expect((await ask('https://acme.example', 'nobody')).headers.get('access-control-allow-origin')).toBeNull()
  })

  test.each(['https://evil.example', 'null', ''])('a post from the origin "%s" is refused', async (origin) => {
    const page = await seedPage('confirm')
    const answer = await send(page, { action: 'confirm', smid: page.smid }, { Origin: origin })
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([403, 'other_origin'])
    expect(await status(page)).toBe('subscribed')
  })

  test('a token of the resource may stand for its id, where the page is its own', async () => {
    const [page, other] = [await seedPage('confirm'), await seedPage('confirm')]
    const answer = await send(other, { action: 'confirm', smid: page.smid, rtoken: page.rtoken })
    expect(await answer.json()).toEqual({ status: 'unsubscribed' })
    await db
      .updateTable('resource')
      .set({ site_urls: [], unsubscribe_page_url: null })
      .where('id', '=', page.resourceId)
      .execute()
    expect(await (await send(other, { action: 'confirm', smid: page.smid, rtoken: page.rtoken })).json()).toMatchObject(
      {
        code: 'other_origin',
      },
    )
  })
})

describe('bad input', () => {
  const retired = createTokens(['a secret that was rotated out'])
  test.each<[string, (page: OwnPage) => object, number, string]>([
    ['a link instead of an smid', ({ token }) => ({ smid: token }), 400, 'bad_smid'],
    ['an smid that was cut', ({ smid }) => ({ smid: smid.slice(0, 20) }), 400, 'bad_smid'],
    ['a forged one', ({ smid }) => ({ smid: `${smid.slice(0, -2)}AA` }), 400, 'bad_smid'],
    [
      'one of another secret',
      () => ({ smid: retired.sign({ campaignId: '1', contactId: '1', scope: 'message' }) }),
      410,
      'smid_too_old',
    ],
    [
      'of no campaign',
      () => ({ smid: tokens.sign({ campaignId: '999999', contactId: '1', scope: 'message' }) }),
      410,
      'gone',
    ],
    [
      'of an unknown contact',
      ({ campaignId }) => ({ smid: tokens.sign({ campaignId, contactId: '999999', scope: 'message' }) }),
      410,
      'gone',
    ],
    ['an unknown rtoken', () => ({ rtoken: 'x' }), 403, 'bad_rtoken'],
    ['an unknown category', () => ({ categories: ['nope'] }), 422, 'unknown_category'],
    ['no category', () => ({ categories: [] }), 400, 'bad_request'],
    ['categories that are no list', () => ({ categories: 'news' }), 400, 'bad_request'],
    ['another action', () => ({ action: 'delete' }), 400, 'bad_request'],
    ['a number', () => ({ smid: 1 }), 400, 'bad_request'],
  ])('%s', async (_, spoil, http, code) => {
    const page = await seedPage('confirm')
    expect(await call(page, 'confirm', spoil(page))).toMatchObject({ http, code })
    expect(await status(page)).toBe('subscribed')
  })

  test('of another resource: an smid, or a category', async () => {
    const [page, other] = [await seedPage('confirm'), await seedPage('confirm')]
    expect(await call(page, 'confirm', { smid: other.smid })).toMatchObject({ http: 403, code: 'wrong_resource' })
    const { key } = await seedCategory(db, other.resourceId)
    expect(await call(page, 'confirm', { categories: [key] })).toMatchObject({ http: 422, code: 'unknown_category' })
    expect([await status(page), await status(other)]).toEqual(['subscribed', 'subscribed'])
  })

  test('no such resource', async () => {
    const page = await seedPage('confirm')
    for (const key of ['nobody', '%00', ''])
      expect((await send({ ...page, key }, { action: 'confirm', smid: page.smid })).status).toBe(404)
  })
})

describe('the script', () => {
  const get = async (query: string, headers: Record<string, string> = {}) =>
    await edge.app.request(`/sdk/unsub.js${query}`, { headers })

  test('is for every page to load and to keep, and holds no secret', async () => {
    const page = await seedPage('confirm')
    const answer = await get(`?id=${page.key}`)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': 'public, max-age=3600',
    })
    const text = await answer.text()
    expect(text).toContain('class AkUnsub')
    expect(text).not.toContain(page.rtoken)
    const etag = answer.headers.get('etag') ?? ''
    expect((await get(`?id=${page.key}`, { 'If-None-Match': `W/"x", ${etag}` })).status).toBe(304)
  })

  test.each(['', '?id=', '?id=nobody', '?id=%00', '?id=%ff', '?id=%ZZ', "?id=');alert(1)//"])(
    'without a resource (%s): 404',
    async (query) => {
      expect((await get(query)).status).toBe(404)
    },
  )
})

test('the proof says what browser it was, and the log holds neither id nor token', async () => {
  const page = await seedPage('confirm')
  const before = edge.lines.length
  await send(page, { action: 'confirm', smid: page.smid, rtoken: page.rtoken }, { 'User-Agent': 'Page/1' })
  expect(await eventsOf(db, page.campaignId)).toMatchObject([{ user_agent: 'Page/1' }])
  const log = JSON.stringify(edge.lines.slice(before))
  for (const secret of [page.smid, page.rtoken, page.address]) expect(log).not.toContain(secret)
})
