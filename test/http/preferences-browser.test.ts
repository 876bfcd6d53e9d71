import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import type { RunningHttp } from '../../http/main.ts'
import { launchBrowser } from '../setup/browser.ts'
import { createDatabase } from '../setup/database.ts'
import { setMode } from '../setup/delayed.ts'
import { startEdge } from '../setup/edge-on-socket.ts'
import { fieldsOf, seedField, seedPreferences } from '../setup/preference-seed.ts'
import { eventsOf, statusOf } from '../setup/unsubscribe-seed.ts'

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
  const page = await (await browser.newContext(options)).newPage()
  await page.goto(`${http.url}${path}`)
  return page
}

test('on a phone without JavaScript: switch one on, one off, type a word, save; reading it back shows it', async () => {
  const seeded = await seedPreferences(db)
  await seedField(db, seeded.resourceId, 'city', 'line', { name: 'City' })
  const page = await open(seeded.path, { ...phone, javaScriptEnabled: false })
  expect(await page.getByLabel('Required').isDisabled()).toBe(true)
  await page.getByLabel('Off').check()
  await page.getByLabel('B', { exact: true }).uncheck()
  await page.getByLabel('City').fill('Львів')
  await page.getByRole('button', { name: 'Save' }).click()
  expect(await page.getByRole('heading').textContent()).toBe('Saved')
  expect(await page.getByRole('listitem').allTextContents()).toEqual(['Off: on', 'B: off', 'City: Львів'])
  expect(await eventsOf(db, seeded.campaignId)).toMatchObject([
    { category_id: seeded.ids.off, action: 'subscribed', through: 'page', ip: '127.0.0.1' },
    { category_id: seeded.ids.b, action: 'unsubscribed', through: 'page', ip: '127.0.0.1' },
  ])
  expect(await fieldsOf(db, seeded)).toEqual({ city: 'Львів' })

  await page.getByRole('link', { name: 'Back to your subscriptions' }).click()
  expect(await page.getByLabel('Off').isChecked()).toBe(true)
  expect(await page.getByLabel('B', { exact: true }).isChecked()).toBe(false)
  expect(await page.getByLabel('City').inputValue()).toBe('Львів')
})

test('with the keyboard alone: every box in turn, what is locked passed over, Enter in a field saves', async () => {
  const seeded = await seedPreferences(db)
  await seedField(db, seeded.resourceId, 'visits', 'integer', { name: 'Visits' })
  const page = await open(seeded.path, desk)
  const stops: string[] = []
  for (let stop = 0; stop < 6; stop += 1) {
    await page.keyboard.press('Tab')
    stops.push(
      String(
        await page.evaluate(
          'document.activeElement.value || document.activeElement.textContent || document.activeElement.name',
        ),
      ),
    )
    expect(await page.evaluate('getComputedStyle(document.activeElement).outline')).toMatch(/solid 3px$/)
  }
  expect(stops).toEqual([seeded.keys.a, seeded.keys.b, seeded.keys.off, 'field.visits', 'Save', 'yes'])
  await page.getByLabel('A', { exact: true }).focus()
  await page.keyboard.press('Space')
  await page.getByLabel('Visits').focus()
  await page.keyboard.type('7')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Saved' }).waitFor()
  expect(await statusOf(db, seeded.contactId, seeded.ids.a)).toBe('unsubscribed')
  expect(await statusOf(db, seeded.contactId, seeded.ids.b)).toBe('subscribed')
  expect(await fieldsOf(db, seeded)).toEqual({ visits: 7 })
})

test('from the unsubscribe page to everything off, and one thing back', async () => {
  const seeded = await seedPreferences(db)
  const page = await open(`/u/${seeded.token}`)
  await page.getByRole('link', { name: 'Manage your subscriptions' }).click()
  await page.getByRole('button', { name: 'Everything off' }).click()
  await page.getByText('Everything is off: Acme sends you nothing more.').waitFor()
  await page.getByRole('link', { name: 'Back to your subscriptions' }).click()
  await page.getByText('You are unsubscribed from everything of Acme.').waitFor()
  for (const box of await page.getByRole('checkbox').all()) expect(await box.isChecked()).toBe(false)
  await page.getByLabel('B', { exact: true }).check()
  await page.getByRole('button', { name: 'Save' }).click()
  expect(await page.getByRole('listitem').allTextContents()).toEqual(['B: on'])
  expect(await statusOf(db, seeded.contactId, seeded.ids.a)).toBe('unsubscribed')
  expect(await statusOf(db, seeded.contactId, seeded.ids.b)).toBe('subscribed')
})

test('10 MB over a socket: refused before they are read, and the next request is answered', async () => {
  const seeded = await seedPreferences(db)
  const url = `${http.url}${seeded.path}?shown=preferences-en-1`
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
  const announced = await fetch(url, { method: 'POST', headers, body: Buffer.alloc(10_000_000, 'x') }).catch(() => null)
  // The server may hang up while the client still writes.
  expect([413, undefined]).toContain(announced?.status)
  expect((await fetch(url)).status).toBe(200)
  expect(await eventsOf(db, seeded.campaignId)).toEqual([])
})

test('asks nobody else for anything, and the browser has nothing to complain about', async () => {
  const seeded = await seedPreferences(db)
  await db.updateTable('resource').set({ colour: '#ffcc00' }).where('id', '=', seeded.resourceId).execute()
  const page = await (await browser.newContext()).newPage()
  const [asked, complaints]: [string[], string[]] = [[], []]
  page.on('request', (request) => asked.push(request.method()))
  page.on('console', (message) => complaints.push(message.text()))
  await page.goto(`${http.url}${seeded.path}`)
  expect(await page.evaluate("getComputedStyle(document.querySelector('.brand')).backgroundColor")).toBe(
    'rgb(255, 204, 0)',
  )
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name: 'Saved' }).waitFor()
  expect({ asked, complaints }).toEqual({ asked: ['GET', 'POST'], complaints: [] })
})

describe.each([
  ['phone, light', '#ffe14d', { ...phone, colorScheme: 'light' as const }],
  ['phone, dark', '#101820', { ...phone, colorScheme: 'dark' as const }],
  ['desk, light', '#ffffff', { ...desk, colorScheme: 'light' as const }],
  ['desk, dark', '#c8102e', { ...desk, colorScheme: 'dark' as const }],
])('every page on %s, in %s', (name, colour, options) => {
  test('has no accessibility violation and fits the screen', async () => {
    const longName = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'
    const seeded = await seedPreferences(db, name.startsWith('phone') ? { name: longName, language: 'de' } : {})
    await db.updateTable('resource').set({ colour }).where('id', '=', seeded.resourceId).execute()
    const described = { title: `عروض الأسبوع ${longName}`, description: `Jede Woche, was neu ist. ${longName}` }
    await db.updateTable('category').set(described).where('id', '=', seeded.ids.b).execute()
    await db.updateTable('subscription').set({ status: 'pending' }).where('category_id', '=', seeded.ids.b).execute()
    await seedField(db, seeded.resourceId, 'city', 'line', {
      name: 'Stadt',
      is_required: true,
      default_value: '"Köln"',
    })
    await seedField(db, seeded.resourceId, 'visits', 'integer', { name: 'Besuche im Monat' })
    await seedField(db, seeded.resourceId, 'paper', 'boolean', { name: 'Auch auf Papier' })
    const page = await open(seeded.path, options)
    await expectSound(page)
    await page.getByRole('checkbox').nth(2).check()
    await page.getByRole('button').first().click()
    await expectSound(page)
    await page.getByRole('link').click()
    await page.getByRole('button').nth(1).click()
    await page.getByRole('link').click()
    await expectSound(page)
    await setMode(db, seeded.resourceId, { unsubscribe_mode: 'instant' })
    for (const path of [`/u/${seeded.token}`, '/u/nonsense', '/nowhere']) {
      await page.goto(`${http.url}${path}`)
      await expectSound(page)
    }
    await setMode(db, seeded.resourceId, { unsubscribe_mode: 'prohibited' })
    for (const path of [seeded.path, `/u/${seeded.token}`]) {
      await page.goto(`${http.url}${path}`)
      await expectSound(page)
    }
  })
})

test('where unsubscribing is prohibited the page has nothing to stop at by keyboard, and nothing to press', async () => {
  const seeded = await seedPreferences(db)
  await seedField(db, seeded.resourceId, 'city', 'line', { name: 'City' })
  await setMode(db, seeded.resourceId, { unsubscribe_mode: 'prohibited' })
  const page = await open(seeded.path)
  await page.keyboard.press('Tab')
  expect(await page.locator('main :focus').count()).toBe(0)
  expect(await page.getByRole('button').count()).toBe(0)
  for (const box of await page.getByRole('checkbox').all()) expect(await box.isDisabled()).toBe(true)
  expect(await page.getByLabel('City').isDisabled()).toBe(true)
})

async function expectSound(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, impact, nodes }) => ({ id, impact, at: nodes.map(({ target }) => target) }))).toEqual([])
  // As text: these types know no browser.
  const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  expect(overflow).toBe(0)
}
