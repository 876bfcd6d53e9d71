import { beforeAll, describe, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import { createDatabase } from '../setup/database.ts'
import { createTestApp } from '../setup/http-app.ts'
import { eventsOf, seedSent, statusOf } from '../setup/unsubscribe-seed.ts'

let db: Db
let edge: ReturnType<typeof createTestApp>
beforeAll(async () => {
  db = (await createDatabase()).db
  edge = createTestApp(db)
})

const open = async (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  await edge.app.request(`/u/${path}`, { method, headers })
const read = async (path: string, headers: Record<string, string> = {}) => await (await open(path, headers)).text()

describe('GET and HEAD', () => {
  test.each(['', '?List-Unsubscribe=One-Click', '?shown=unsubscribe-en-1', '?confirm=1&from=page'])(
    'change nothing, with the query "%s"',
    async (query) => {
      const sent = await seedSent(db)
      for (const method of ['GET', 'HEAD']) expect((await open(sent.token + query, {}, method)).status).toBe(200)
      expect(await statusOf(db, sent.contactId, sent.categories[0]?.id)).toBe('subscribed')
      expect(await eventsOf(db, sent.campaignId)).toEqual([])
      const refusals = await db
        .selectFrom('address_refusal')
        .where('category_id', '=', sent.categories[0]?.id ?? '')
        .execute()
      expect(refusals).toEqual([])
    },
  )

  test('HEAD answers as GET does, without the page', async () => {
    const { token } = await seedSent(db)
    const answer = await open(token, {}, 'HEAD')
    expect(answer.headers.get('content-type')).toMatch(/^text\/html/)
    expect(await answer.text()).toBe('')
  })
})

test('the page says what the button will do, and to whom, without giving the address away', async () => {
  const sent = await seedSent(db, {
    titles: ['Offers', 'Weekly news'],
    resourceName: 'Fern & Co',
    address: 'lea@example.com',
  })
  const page = await read(sent.token)
  expect(page).toContain('<html lang="en">')
  expect(page).toContain('<h1>Unsubscribe from Fern &amp; Co</h1>')
  expect(page).toContain('<p>Fern &amp; Co will send nothing more of this to l•••@example.com:</p>')
  expect(page.match(/<bdi>.*?<\/bdi>/g)).toEqual([
    '<bdi>Fern &amp; Co</bdi>',
    '<bdi>Offers</bdi>',
    '<bdi>Weekly news</bdi>',
  ])
  expect(page).toContain('<form method="post" action="?shown=unsubscribe-en-1"><button>Unsubscribe</button></form>')
  expect(page).not.toContain('lea@')
  expect(page).not.toContain(sent.token)
})

test('without categories it speaks of everything from the resource', async () => {
  const sent = await seedSent(db, { titles: [], address: 'all@example.com' })
  const page = await read(sent.token)
  expect(page).toContain('<p>Acme will send nothing more to a•••@example.com.</p>')
  expect(page).not.toContain('<ul>')
})

test('names are shown as they are, never read as markup', async () => {
  const sent = await seedSent(db, {
    titles: ['<script>alert(1)</script>', 'عروض'],
    resourceName: '"><img src=x onerror=alert(1)>',
    address: '"<b>"@example.com',
  })
  const page = await read(sent.token)
  expect(page).toContain('<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>')
  expect(page).toContain('<bdi>عروض</bdi>')
  expect(page).not.toMatch(/<(script|img|b>)/)
})

describe('the button', () => {
  const press = async (token: string, shown = 'unsubscribe-en-1') =>
    await edge.app.request(`/u/${token}?shown=${shown}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: '',
    })

  test('unsubscribes and answers with a page, not a redirect', async () => {
    const sent = await seedSent(db, { titles: ['Offers'] })
    const answer = await press(sent.token)
    expect(answer.status).toBe(200)
    const page = await answer.text()
    expect(page).toContain('<h1>You were unsubscribed</h1>')
    expect(page).toContain('<bdi>Offers</bdi>')
    expect(page).not.toContain('<button>Unsubscribe</button>')
    expect(await statusOf(db, sent.contactId, sent.categories[0]?.id)).toBe('unsubscribed')
    expect(await eventsOf(db, sent.campaignId)).toMatchObject([{ through: 'page', wording: 'unsubscribe-en-1' }])
  })

  test('records the words that were shown, even those of another version', async () => {
    const sent = await seedSent(db)
    expect(await (await press(sent.token, 'unsubscribe-de-7')).text()).toContain('<h1>')
    expect(await eventsOf(db, sent.campaignId)).toMatchObject([{ through: 'page', wording: 'unsubscribe-de-7' }])
  })

  test('records no words that somebody made up', async () => {
    const sent = await seedSent(db)
    await press(sent.token, encodeURIComponent('I never agreed'))
    expect(await eventsOf(db, sent.campaignId)).toMatchObject([{ through: 'one_click', wording: null }])
  })

  test('twice, or the page opened later: already unsubscribed, without its button', async () => {
    const sent = await seedSent(db)
    await press(sent.token)
    for (const page of [await (await press(sent.token)).text(), await read(sent.token)]) {
      expect(page).toContain('<h1>You are already unsubscribed</h1>')
      expect(page).not.toContain('<button>Unsubscribe</button>')
    }
    expect(await eventsOf(db, sent.campaignId)).toHaveLength(1)
  })
})

describe('language', () => {
  test.each([
    ['de', 'en', 'de'],
    ['DE_at', undefined, 'de'],
    ['en-GB', 'de', 'en'],
    ['fr', 'nl, de-CH;q=0.7, en;q=0.2', 'de'],
    [undefined, 'en;q=0.1, de;q=0.9', 'de'],
    [undefined, 'de;q=0, en', 'en'],
    ['constructor', 'xx', 'en'],
    [undefined, undefined, 'en'],
  ])('contact %s, browser %s: %s', async (contact, browser, language) => {
    const { token } = await seedSent(db, contact === undefined ? {} : { language: contact })
    const page = await read(token, browser === undefined ? {} : { 'Accept-Language': browser })
    expect(page).toContain(`<html lang="${language}">`)
    expect(page).toContain(`action="?shown=unsubscribe-${language}-1"`)
    expect(page).toContain(language === 'de' ? '>Abmelden</button>' : '>Unsubscribe</button>')
  })
})

test('a broken link opened in a browser is a page', async () => {
  const answer = await open('cut', { 'Accept-Language': 'de' })
  expect(answer.status).toBe(400)
  expect(await answer.text()).toContain('<h1>Dieser Link funktioniert nicht</h1>')
})
