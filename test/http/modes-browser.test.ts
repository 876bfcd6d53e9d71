import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import { confirmUnsubscribe } from '../../db/settle-unsubscribe.ts'
import type { RunningHttp } from '../../http/main.ts'
import { atEnd } from '../setup/at-end.ts'
import { launchBrowser } from '../setup/browser.ts'
import { createDatabase } from '../setup/database.ts'
import { confirming, pendingsOf, seedDelayed, setMode } from '../setup/delayed.ts'
import { startEdge } from '../setup/edge-on-socket.ts'
import { type SentMessage, seedSent, statusOf, tokens } from '../setup/unsubscribe-seed.ts'

// What the modes show, and the SDK on somebody else's page, in Chromium.

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

async function open(
  url: string,
  options: BrowserContextOptions = phone,
): Promise<{ page: Page; complaints: string[] }> {
  const page = await (await browser.newContext(options)).newPage()
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(url)
  return { page, complaints }
}
const link = ({ token }: SentMessage) => `${http.url}/u/${token}`
const heading = (page: Page) => page.getByRole('heading').textContent()
const status = (sent: SentMessage) => statusOf(db, sent.contactId, sent.categories[0]?.id)

async function expectSound(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, impact, nodes }) => ({ id, impact, at: nodes.map(({ target }) => target) }))).toEqual([])
  const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  expect(overflow).toBe(0)
}

/** A server of somebody else's, that answers everything with this page. */
async function ownSite(page: (path: string) => string): Promise<string> {
  const server = createServer((request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html' }).end(page(request.url ?? ''))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  atEnd(() => new Promise((resolve) => server.close(resolve)))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('delayed', () => {
  test('without JavaScript: press, change one’s mind, press again, confirm, undo', async () => {
    const sent = await seedDelayed(db)
    const { page } = await open(link(sent), { ...phone, javaScriptEnabled: false })
    await page.getByRole('button').click()
    expect(await heading(page)).toBe('You are leaving Acme')
    expect(await page.getByText(/in 10 minutes, at \d\d:\d\d UTC/).count()).toBe(1)
    await page.getByRole('button', { name: 'Stay subscribed' }).click()
    expect(await heading(page)).toBe('You stay subscribed')
    await page.goto(link(sent))
    await page.getByRole('button').click()
    await page.getByRole('button', { name: 'Unsubscribe now' }).click()
    expect(await heading(page)).toBe('You were unsubscribed')
    expect(await status(sent)).toBe('unsubscribed')
    await page.getByRole('button', { name: 'Undo' }).click()
    expect(await heading(page)).toBe('You are subscribed again')
    expect(await status(sent)).toBe('subscribed')
  })

  test('it counts down, and says what became of it when the time is over', async () => {
    const sent = await seedDelayed(db)
    await db.updateTable('resource').set({ unsubscribe_timer_seconds: 3 }).where('id', '=', sent.resourceId).execute()
    const { page, complaints } = await open(link(sent))
    await page.getByRole('button').click()
    await page
      .getByRole('timer')
      .getByText(/^0:0\d$/)
      .waitFor()
    const [pending] = await db
      .selectFrom('pending_unsubscribe')
      .select('id')
      .where('contact_id', '=', sent.contactId)
      .execute()
    await confirmUnsubscribe(db, pending?.id ?? '', confirming)
    await page.getByRole('heading', { name: 'You are already unsubscribed' }).waitFor()
    expect(complaints).toEqual([])
  })

  test('with the keyboard alone: the first stop confirms, the second cancels', async () => {
    const sent = await seedDelayed(db)
    const { page } = await open(link(sent))
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'You are leaving Acme' }).waitFor()
    await page.keyboard.press('Tab')
    expect(await page.locator('button:focus-visible').textContent()).toBe('Unsubscribe now')
    await page.keyboard.press('Tab')
    expect(await page.locator('button:focus-visible').textContent()).toBe('Stay subscribed')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'You stay subscribed' }).waitFor()
    expect(await pendingsOf(db, sent.resourceId)).toMatchObject([{ state: 'cancelled' }])
  })
})

test.each(['instant', 'delayed'] as const)(
  "%s: the policy lets the button lead to the resource's own page, also where that redirects",
  async (mode) => {
    const site = await ownSite((path) => `<h1>Bye ${path}</h1>`)
    const sent = await seedSent(db)
    await setMode(db, sent.resourceId, {
      unsubscribe_mode: mode,
      unsubscribe_page_url: `${site}/bye?m={send_message_id}`,
      ...(mode === 'delayed' ? { unsubscribe_timer_seconds: 60 } : {}),
    })
    const { page, complaints } = await open(link(sent))
    await page.getByRole('button').click()
    await page.getByRole('heading', { name: /^Bye \/bye\?m=[\w-]{46}$/ }).waitFor()
    expect(complaints.filter((text) => !text.includes('404'))).toEqual([])
  },
)

describe.each(['light', 'dark'] as const)('on a phone, %s', (colorScheme) => {
  test('every page of the modes is accessible and fits the screen', async () => {
    const longName = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'
    for (const language of ['en', 'de', 'uk', 'es']) {
      const sent = await seedDelayed(db, { resourceName: longName, language })
      const { page } = await open(link(sent), { ...phone, colorScheme })
      await expectSound(page)
      await page.getByRole('button').click()
      await page.getByRole('timer').waitFor()
      await expectSound(page)
      await page.getByRole('button').nth(0).click()
      await page.getByRole('timer').waitFor({ state: 'detached' })
      await expectSound(page)
      await page.getByRole('button').nth(0).click()
      await page.getByRole('button').nth(0).waitFor({ state: 'detached' })
      await expectSound(page)
      await setMode(db, sent.resourceId, { unsubscribe_mode: 'prohibited' })
      await page.goto(link(sent))
      await expectSound(page)
    }
  })
})

describe("Altcraft's example, on a page of another origin", () => {
  const example = (
    sdk: string,
    smid: string,
    categories: string[],
  ) => `<!doctype html><html lang="en"><title>Bye</title>
<!-- Connecting the Altcraft SDK -->
<script src="${sdk}"></script>
<!-- Initializing the AkUnsub class -->
<script>
const akUnsub = new AkUnsub();
const said = (promise) => promise.then((answer) => { document.title = answer.status }, (error) => { document.title = error.code + ': ' + error.message })
</script>
<!-- Unsubscribe confirmation button -->
<button onclick="akUnsub.confirmUnsub('${smid}',${JSON.stringify(categories).replaceAll('"', "'")})">Confirm unsubscribe</button>
<!-- Unsubscribe button -->
<button onclick="akUnsub.cancelUnsub('${smid}',${JSON.stringify(categories).replaceAll('"', "'")})">Cancel unsubscribe</button>
<button onclick="said(AkUnsub.confirmUnsub('${smid}'))">Static</button>
<button onclick="said(akUnsub.cancelUnsub('nonsense'))">Wrong</button>
</html>`

  async function seedOwnPage(allowed = true) {
    const sent = await seedDelayed(db)
    const smid = tokens.sign({ campaignId: sent.campaignId, contactId: sent.contactId, scope: 'message' })
    const { key } = await db
      .selectFrom('resource')
      .select('key')
      .where('id', '=', sent.resourceId)
      .executeTakeFirstOrThrow()
    const category = await db
      .selectFrom('category')
      .select('key')
      .where('resource_id', '=', sent.resourceId)
      .executeTakeFirstOrThrow()
    const site = await ownSite(() => example(`${http.url}/sdk/unsub.js?id=${key}`, smid, [category.key]))
    if (allowed)
      await db
        .updateTable('resource')
        .set({ unsubscribe_page_url: `${site}/?m={send_message_id}` })
        .where('id', '=', sent.resourceId)
        .execute()
    return { sent, site }
  }
  const state = async (sent: SentMessage) => (await pendingsOf(db, sent.resourceId))[0]?.state

  test.each([
    ['Confirm unsubscribe', 'confirmed', 'unsubscribed'],
    ['Cancel unsubscribe', 'cancelled', 'subscribed'],
  ])('"%s" after the link was pressed: %s', async (button, outcome, becomes) => {
    const { sent } = await seedOwnPage()
    const { page, complaints } = await open(link(sent))
    await page.getByRole('button').click()
    await page.getByRole('button', { name: button }).click()
    await expect.poll(() => state(sent), { timeout: 20_000 }).toBe(outcome)
    expect(await status(sent)).toBe(becomes)
    expect(complaints.filter((text) => !text.includes('404'))).toEqual([])
  })

  test('static calls work too; promises say what became of it, and errors have a code', async () => {
    const { sent, site } = await seedOwnPage()
    const { page } = await open(site)
    await page.getByRole('button', { name: 'Static' }).click()
    await page.waitForFunction("document.title === 'unsubscribed'")
    expect(await status(sent)).toBe('unsubscribed')
    await page.getByRole('button', { name: 'Wrong' }).click()
    await page.waitForFunction("document.title.startsWith('bad_smid: smid is not')")
  })

  test('a page that is not the resource’s own can do nothing', async () => {
    const { sent, site } = await seedOwnPage(false)
    const { page } = await open(site)
    await page.getByRole('button', { name: 'Static' }).click()
    await page.waitForFunction("document.title.startsWith('unreachable')")
    expect(await status(sent)).toBe('subscribed')
  })
})
