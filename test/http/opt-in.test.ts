import { AxeBuilder } from '@axe-core/playwright'
import type { Browser } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import { subscribe } from '../../db/subscribe.ts'
import type { RunningHttp } from '../../http/main.ts'
import { launchBrowser } from '../setup/browser.ts'
import { createDatabase } from '../setup/database.ts'
import { startEdge } from '../setup/edge-on-socket.ts'
import { createTestApp } from '../setup/http-app.ts'
import { asked, eventsAbout, optInToken, requestsOf, seedOptIn } from '../setup/opt-in-seed.ts'
import { statusOf, tokens } from '../setup/unsubscribe-seed.ts'

let db: Db
let edge: ReturnType<typeof createTestApp>
let http: RunningHttp
let browser: Browser
beforeAll(async () => {
  const database = await createDatabase()
  db = database.db
  edge = createTestApp(db)
  http = await startEdge(database.url)
  browser = await launchBrowser()
})

async function ask(language?: string) {
  const seeded = await seedOptIn(db, { address: `lea-${Math.random().toString(36).slice(2)}@example.com` })
  if (language !== undefined)
    await db.updateTable('contact').set({ language }).where('id', '=', seeded.contactId).execute()
  await subscribe(db, seeded, asked)
  const [request] = await requestsOf(db, seeded.categoryId)
  return { ...seeded, path: `/o/${optInToken(request?.id ?? '0', seeded.contactId)}` }
}

const post = async (path: string, query = '?shown=opt-in-en-1') =>
  await edge.app.request(path + query, { method: 'POST' })

test('GET and HEAD subscribe nobody', async () => {
  const seeded = await ask()
  for (const method of ['GET', 'HEAD']) expect((await edge.app.request(seeded.path, { method })).status).toBe(200)
  const page = await (await edge.app.request(seeded.path)).text()
  expect(page).toContain('<h1>Subscribe to Weekly news?</h1>')
  expect(page).toContain('l•••@example.com')
  expect(page).not.toContain('lea-')
  expect(await statusOf(db, seeded.contactId, seeded.categoryId)).toBe('pending')
})

test('a POST that no page of ours sent, such as a scanner tries, is no yes', async () => {
  const seeded = await ask()
  expect((await post(seeded.path, '')).status).toBe(400)
  expect(await statusOf(db, seeded.contactId, seeded.categoryId)).toBe('pending')
})

test('too late: a page that says so', async () => {
  const seeded = await ask('de')
  await db
    .updateTable('opt_in_request')
    .set({ expires_at: new Date(0) })
    .where('category_id', '=', seeded.categoryId)
    .execute()
  for (const answer of [await edge.app.request(seeded.path), await post(seeded.path)]) {
    expect(answer.status).toBe(410)
    expect(await answer.text()).toContain('<h1>Diese Anfrage ist erledigt</h1>')
  }
})

test('tokens of another scope, forged, of another contact', async () => {
  const seeded = await ask()
  const [request] = await requestsOf(db, seeded.categoryId)
  const requestId = request?.id ?? '0'
  const wrong: [string, number][] = [
    [tokens.sign({ scope: 'unsubscribe', campaignId: requestId, contactId: seeded.contactId }), 400],
    [tokens.sign({ scope: 'preferences', campaignId: requestId, contactId: seeded.contactId }), 400],
    [seeded.path.slice(3, -2), 400],
    [optInToken(requestId, '999999'), 410],
    [optInToken('999999', seeded.contactId), 410],
  ]
  for (const [token, status] of wrong) {
    expect((await edge.app.request(`/o/${token}`)).status).toBe(status)
    expect((await post(`/o/${token}`)).status).toBe(status)
  }
  expect(await statusOf(db, seeded.contactId, seeded.categoryId)).toBe('pending')
})

test('on a phone without JavaScript: open, press, subscribed; pressing again changes nothing', async () => {
  const seeded = await ask()
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, javaScriptEnabled: false })
  const page = await context.newPage()
  await page.goto(http.url + seeded.path)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'You are subscribed' }).waitFor()
  await page.reload()
  expect(await page.getByRole('heading').textContent()).toBe('You are subscribed')
  expect(await page.getByRole('button').count()).toBe(0)
  expect(await statusOf(db, seeded.contactId, seeded.categoryId)).toBe('subscribed')
  expect(await eventsAbout(db, seeded.categoryId)).toMatchObject([
    { action: 'pending' },
    { action: 'subscribed', through: 'page', wording: 'opt-in-en-1', ip: '127.0.0.1' },
  ])
})

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  test.each(['en', 'de', 'uk', 'es'])(
    'the pages have no accessibility violation and fit the screen: %s',
    async (language) => {
      const seeded = await ask(language)
      await db.updateTable('resource').set({ colour: '#ffe14d' }).where('id', '=', seeded.resourceId).execute()
      const context = await browser.newContext({ viewport: { width: 360, height: 740 }, colorScheme })
      const page = await context.newPage()
      await page.goto(http.url + seeded.path)
      for (const press of [true, false]) {
        expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
        expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(
          0,
        )
        if (press) await page.getByRole('button').click()
      }
      expect(await statusOf(db, seeded.contactId, seeded.categoryId)).toBe('subscribed')
    },
  )
})
