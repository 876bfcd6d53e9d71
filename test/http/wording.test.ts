import { beforeAll, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import { requestOptIn } from '../../db/request-opt-in.ts'
import { languages } from '../../domain/wording/language.ts'
import { wordingText } from '../../domain/wording/texts.ts'
import { createDatabase } from '../setup/database.ts'
import { seedDelayed } from '../setup/delayed.ts'
import { createTestApp } from '../setup/http-app.ts'
import { asked, optInToken, seedOptIn } from '../setup/opt-in-seed.ts'
import { seedPreferences } from '../setup/preference-seed.ts'
import { seedSent, statusOf } from '../setup/unsubscribe-seed.ts'

let db: Db
let edge: ReturnType<typeof createTestApp>
beforeAll(async () => {
  ;({ db } = await createDatabase())
  edge = createTestApp(db)
})

/** Which words the page's forms say were shown, with a button of theirs. */
const shown = (page: string): { version: string; button: string }[] =>
  [...page.matchAll(/action="\?shown=([^&"]+)[^"]*">(?:<button[^>]*>([^<]*))?/g)].map(
    ([, version = '', button = '']) => ({
      version,
      button,
    }),
  )

async function pagesIn(language: string): Promise<string[]> {
  const page = async (path: string, method = 'GET') => await (await edge.app.request(path, { method })).text()
  const instant = await seedSent(db, { language })
  const delayed = await seedDelayed(db, { language })
  const preferences = await seedPreferences(db, { language })
  const { contactId, categoryId, channel } = await seedOptIn(db)
  await db.updateTable('contact').set({ language }).where('id', '=', contactId).execute()
  const request = await requestOptIn(db, { contactId, categoryId, channel, asked: true }, asked)
  const requestId = request.kind === 'pending' ? request.requestId : ''
  const press = (deed: string) => page(`/u/${delayed.token}?shown=modes-${language}-1${deed}`, 'POST')
  const pages = [
    await page(`/u/${instant.token}`),
    await page(`/u/${delayed.token}`),
    await press(''),
    await press('&do=confirm'),
    await page(preferences.path),
    await page(`/o/${optInToken(requestId, contactId)}`),
  ]
  expect(await statusOf(db, delayed.contactId, delayed.categories[0]?.id)).toBe('unsubscribed')
  return pages
}

test.each(languages)(
  '%s: every version that a page sends is one whose words can be shown, its button among them',
  async (language) => {
    const sent = (await pagesIn(language)).map(shown)
    for (const forms of sent) expect(forms).not.toEqual([])
    for (const { version, button } of sent.flat()) {
      const text = wordingText(version)
      expect(text.language).toBe(language)
      const lines = text.pages.flatMap((page) => page.lines).map((line) => line.replace('{resource}', 'Acme'))
      if (button !== '') expect(lines).toContain(button)
    }
    expect(new Set(sent.flat().map(({ version }) => version)).size).toBe(4)
  },
)
