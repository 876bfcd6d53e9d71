import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import type { RunningHttp } from '../../http/main.ts'
import { launchBrowser } from '../setup/browser.ts'
import { createDatabase } from '../setup/database.ts'
import { startEdge } from '../setup/edge-on-socket.ts'
import { eventsOf, seedSent, statusOf } from '../setup/unsubscribe-seed.ts'

let db: Db
let http: RunningHttp
let browser: Browser
beforeAll(async () => {
  const database = await createDatabase()
  db = database.db
  http = await startEdge(database.url)
  browser = await launchBrowser()
})

const phone: BrowserContextOptions = { viewport: { width: 360, height: 740 } }
const desk: BrowserContextOptions = { viewport: { width: 1280, height: 800 } }

async function open(path: string, options: BrowserContextOptions = phone): Promise<Page> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  await page.goto(`${http.url}${path}`)
  return page
}

test('on a phone without JavaScript: open, press, done; pressing again and reloading change nothing', async () => {
  const sent = await seedSent(db, { titles: ['Offers', 'Weekly news'] })
  const [offers, news] = sent.categories.map(({ id }) => id)
  const page = await open(`/u/${sent.token}`, { ...phone, javaScriptEnabled: false, userAgent: 'Phone/1' })
  const state = () => Promise.all([statusOf(db, sent.contactId, offers), statusOf(db, sent.contactId, news)])
  expect(await page.getByRole('heading').textContent()).toBe('Unsubscribe from Acme')
  expect(await state()).toEqual(['subscribed', 'subscribed'])

  await page.getByRole('button', { name: 'Unsubscribe' }).click()
  expect(await page.getByRole('heading').textContent()).toBe('You were unsubscribed')
  expect(await state()).toEqual(['unsubscribed', 'unsubscribed'])
  const event = { contact_id: sent.contactId, through: 'page', wording: 'unsubscribe-en-1', user_agent: 'Phone/1' }
  expect(await eventsOf(db, sent.campaignId)).toMatchObject([
    { ...event, category_id: offers, ip: '127.0.0.1' },
    { ...event, category_id: news, ip: '127.0.0.1' },
  ])

  await page.reload()
  expect(await page.getByRole('heading').textContent()).toBe('You are already unsubscribed')
  await page.goto(`${http.url}/u/${sent.token}`)
  expect(await page.getByRole('button', { name: 'Unsubscribe', exact: true }).count()).toBe(0)
  expect(await eventsOf(db, sent.campaignId)).toHaveLength(2)
})

test('a scanner that opens the link and runs whatever is on the page changes nothing', async () => {
  const sent = await seedSent(db)
  const page = await open(`/u/${sent.token}`)
  await page.waitForLoadState('networkidle')
  await page.request.head(`${http.url}/u/${sent.token}`)
  await page.request.get(`${http.url}/u/${sent.token}?List-Unsubscribe=One-Click`)
  expect(await statusOf(db, sent.contactId, sent.categories[0]?.id)).toBe('subscribed')
  expect(await eventsOf(db, sent.campaignId)).toEqual([])
})

test('with the keyboard alone: the button is the first stop, its focus is seen, Enter presses it', async () => {
  const sent = await seedSent(db)
  const page = await open(`/u/${sent.token}`, desk)
  await page.keyboard.press('Tab')
  expect(await page.locator('button:focus-visible').textContent()).toBe('Unsubscribe')
  expect(await page.evaluate('getComputedStyle(document.activeElement).outline')).toMatch(/solid 3px$/)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'You were unsubscribed' }).waitFor()
  expect(await statusOf(db, sent.contactId, sent.categories[0]?.id)).toBe('unsubscribed')
})

test('asks nobody else for anything, and the browser has nothing to complain about', async () => {
  const sent = await seedSent(db)
  const context = await browser.newContext()
  const page = await context.newPage()
  const asked: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => asked.push(request.method()))
  page.on('console', (message) => complaints.push(message.text()))
  await page.goto(`${http.url}/u/${sent.token}`)
  await page.getByRole('button').click()
  await page.getByRole('heading', { name: 'You were unsubscribed' }).waitFor()
  expect({ asked, complaints }).toEqual({ asked: ['GET', 'POST'], complaints: [] })
})

describe.each([
  ['phone, light', { ...phone, colorScheme: 'light' as const }],
  ['phone, dark', { ...phone, colorScheme: 'dark' as const }],
  ['desk, light', { ...desk, colorScheme: 'light' as const }],
  ['desk, dark', { ...desk, colorScheme: 'dark' as const }],
])('every page on %s', (_, options) => {
  test('has no accessibility violation and fits the screen', async () => {
    const longName = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'
    const sent = await seedSent(db, { titles: ['Offers', longName, 'عروض الأسبوع'], resourceName: longName })
    for (const path of [`/u/${sent.token}`, '/u/cut', '/nowhere']) await expectSound(await open(path, options))
    const page = await open(`/u/${sent.token}`, options)
    await page.getByRole('button').click()
    await page.getByRole('heading', { name: 'You were unsubscribed' }).waitFor()
    await expectSound(page)
  })
})

async function expectSound(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, impact, nodes }) => ({ id, impact, at: nodes.map(({ target }) => target) }))).toEqual([])
  // As text: these types know no browser.
  const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  expect(overflow).toBe(0)
}
