import chromium from '@sparticuz/chromium'
import { type Browser, chromium as playwright } from 'playwright-core'
import { atEnd } from './at-end.ts'

/** A real browser from the npm package: no system package is needed. Closed when the test file is done. */
export async function launchBrowser(): Promise<Browser> {
  const browser = await playwright.launch({
    executablePath: await chromium.executablePath(),
    // The package's own arguments are for a serverless sandbox; in one process, pages would crash each other.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    headless: true,
  })
  atEnd(() => browser.close())
  return browser
}
