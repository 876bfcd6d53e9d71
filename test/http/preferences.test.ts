import { beforeAll, describe, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import { consentOf } from '../../db/consents.ts'
import { createTokens } from '../../domain/link-token.ts'
import { createDatabase } from '../setup/database.ts'
import { createTestApp } from '../setup/http-app.ts'
import { fieldsOf, preferencesToken, seedField, seedPreferences } from '../setup/preference-seed.ts'
import { seedCategory, seedContact } from '../setup/seed.ts'
import { claimsOf, eventsOf, statusOf, tokens } from '../setup/unsubscribe-seed.ts'

let db: Db
let edge: ReturnType<typeof createTestApp>
beforeAll(async () => {
  ;({ db } = await createDatabase())
  edge = createTestApp(db)
})

type Seeded = Awaited<ReturnType<typeof seedPreferences>>

const get = async (path: string, headers: Record<string, string> = {}) => await edge.app.request(path, { headers })
const post = async (path: string, body: string | URLSearchParams, headers: Record<string, string> = {}) =>
  await edge.app.request(`${path}?shown=preferences-en-1`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'User-Agent': 'Browser/1', ...headers },
    body: body.toString(),
  })
const formOf = ({ keys }: Seeded, on: string[]): URLSearchParams => {
  const form = new URLSearchParams()
  for (const key of [keys.a, keys.b, keys.off]) form.append('shown', key)
  for (const key of on) form.append('on', key)
  return form
}
const titles = (page: string) => [...page.matchAll(/<b><bdi>(.*?)<\/bdi>/g)].map(([, title]) => title)

describe('GET', () => {
  test('shows every listed category with its state, and nothing else; and changes nothing', async () => {
    const seeded = await seedPreferences(db, { address: 'lea@example.com' })
    const page = await (await get(seeded.path)).text()
    expect(titles(page)).toEqual(['A', 'B', 'Off', 'Required'])
    expect(page.match(/name="on"[^>]*?>/g)).toEqual([
      expect.stringContaining(' checked'),
      expect.stringContaining(' checked'),
      expect.not.stringContaining('checked'),
    ])
    expect(page).toMatch(/id="on-required-\d+" checked disabled/)
    expect(page).toContain('it cannot be changed here')
    expect(page).toContain('What Acme may send to l•••@example.com.')
    expect(page).toContain('Now and then')
    expect(page).not.toContain('lea@')
    expect(page).not.toContain(preferencesToken(seeded))
    expect(await eventsOf(db, seeded.campaignId)).toEqual([])
  })

  test('says that everything is off where it is', async () => {
    const seeded = await seedPreferences(db)
    const optOut = (resource_id: string | null) =>
      db.insertInto('opt_out').values({ contact_id: seeded.contactId, resource_id, source: 'test' }).execute()
    await optOut(seeded.resourceId)
    const page = await (await get(seeded.path)).text()
    expect(page).toContain('You are unsubscribed from everything of Acme.')
    expect(page).not.toContain(' checked')
    await optOut(null)
    expect(await (await get(seeded.path)).text()).toContain('unsubscribed from everything, whoever sends it')
  })

  test.each([
    ['uk', 'de', 'Ваші підписки'],
    [undefined, 'es, en;q=0.5', 'Sus suscripciones'],
    ['fr', 'de', 'Ihre Abonnements'],
  ])('speaks the language of the contact (%s), then of the browser (%s)', async (language, accept, heading) => {
    const seeded = await seedPreferences(db, language === undefined ? {} : { language })
    expect(await (await get(seeded.path, { 'Accept-Language': accept })).text()).toContain(`<h1>${heading}</h1>`)
  })

  test('names are shown as they are, never read as markup', async () => {
    const seeded = await seedPreferences(db, { name: '<script>alert(1)</script>' })
    await seedField(db, seeded.resourceId, 'city', 'line', {
      name: '"><img src=x>',
      default_value: JSON.stringify('"><b>'),
    })
    const page = await (await get(seeded.path)).text()
    expect(page).toContain('<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>')
    expect(page).toContain('<input type="text" maxlength="1000" name="field.city" value="&quot;&gt;&lt;b&gt;">')
    expect(page).not.toMatch(/<(script|img|b)>(?!<bdi>)/)
  })

  test('is linked from the unsubscribe page', async () => {
    const seeded = await seedPreferences(db)
    const page = await (await get(`/u/${seeded.token}`)).text()
    const [, link = ''] = /<a href="\.\.(\/p\/[^"]+)">Manage your subscriptions<\/a>/.exec(page) ?? []
    expect((await get(link)).status).toBe(200)
  })
})

describe('POST', () => {
  test('saves exactly the differences, with their proof, and lists them', async () => {
    const seeded = await seedPreferences(db)
    const { ids, keys } = seeded
    const answer = await post(seeded.path, formOf(seeded, [keys.a, keys.off]))
    expect(answer.status).toBe(200)
    const page = await answer.text()
    expect(page).toContain('<li><b><bdi>Off</bdi></b>: <bdi>on</bdi></li>')
    expect(page).toContain('<li><b><bdi>B</bdi></b>: <bdi>off</bdi></li>')
    expect(page.match(/<li>/g)).toHaveLength(2)
    const proof = {
      through: 'page',
      wording: 'preferences-en-1',
      user_agent: 'Browser/1',
      contact_id: seeded.contactId,
    }
    expect(await eventsOf(db, seeded.campaignId)).toMatchObject([
      { ...proof, category_id: ids.off, action: 'subscribed' },
      { ...proof, category_id: ids.b, action: 'unsubscribed' },
    ])
    expect(await (await post(seeded.path, formOf(seeded, [keys.a, keys.off]))).text()).toContain(
      'Nothing was different',
    )
    expect(await eventsOf(db, seeded.campaignId)).toHaveLength(2)
  })

  test('everything off: an opt-out from the resource, hidden categories and all', async () => {
    const seeded = await seedPreferences(db)
    const form = formOf(seeded, [seeded.keys.a])
    form.append('everything_off', 'yes')
    expect(await (await post(seeded.path, form)).text()).toContain('Everything is off: Acme sends you nothing more.')
    for (const id of [seeded.ids.a, seeded.ids.hidden, seeded.ids.required])
      expect(await consentOf(db, seeded.contactId, id, 'email')).toMatchObject({
        status: 'unsubscribed',
        source: 'resource',
      })
    expect(await eventsOf(db, seeded.campaignId)).toMatchObject([
      { action: 'opted_out', resource_id: seeded.resourceId },
    ])
  })

  test('fields: by type, alike for a duplicate, without defaults that nobody changed', async () => {
    const seeded = await seedPreferences(db, { address: `fields-${Date.now()}@example.com` })
    const twin = await seedContact(db, { address: seeded.address })
    await seedField(db, seeded.resourceId, 'visits', 'integer')
    await seedField(db, seeded.resourceId, 'share', 'float', { default_value: '0.5' })
    await seedField(db, seeded.resourceId, 'city', 'line')
    await seedField(db, seeded.resourceId, 'paper', 'boolean')
    await seedField(db, seeded.resourceId, 'secret', 'line', { is_listed: false })
    const send = async (fields: Record<string, string>) => {
      const form = formOf(seeded, [seeded.keys.a, seeded.keys.b])
      for (const [key, value] of Object.entries(fields)) {
        form.append('shown_field', key)
        if (value !== '-') form.append(`field.${key}`, value)
      }
      return post(seeded.path, form)
    }
    const page = await (await send({ visits: '12', share: '0.5', city: ' Köln ', paper: 'yes' })).text()
    expect(titles(page)).toEqual(['visits', 'city', 'paper'])
    expect(await fieldsOf(db, seeded)).toEqual({ visits: 12, city: 'Köln', paper: true })
    expect(await fieldsOf(db, { ...seeded, contactId: twin })).toEqual({ visits: 12, city: 'Köln', paper: true })
    await send({ visits: '', city: 'Köln', paper: '-' })
    expect(await fieldsOf(db, seeded)).toEqual({ city: 'Köln', paper: false })
    expect((await send({ visits: 'many' })).status).toBe(400)
    expect((await send({ secret: 'x' })).status).toBe(400)
    expect(await eventsOf(db, seeded.campaignId)).toEqual([])
  })

  test('a required field that is left empty: nothing of the form is saved, and the page says which', async () => {
    const seeded = await seedPreferences(db)
    await seedField(db, seeded.resourceId, 'city', 'line', { name: 'Your city', is_required: true })
    const form = formOf(seeded, [])
    form.append('shown_field', 'city')
    form.append('field.city', ' ')
    const answer = await post(seeded.path, form)
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('“Your city”')
    expect(await statusOf(db, seeded.contactId, seeded.ids.a)).toBe('subscribed')
  })
})

describe('what is refused', () => {
  const broken: [string, (seeded: Seeded) => string | URLSearchParams][] = [
    ['an unknown category', (seeded) => `${formOf(seeded, ['nowhere']).toString()}&shown=nowhere`],
    ['a ticked category that was not shown', (seeded) => new URLSearchParams({ on: seeded.keys.off })],
    ['a required category', (seeded) => `shown=${seeded.keys.required}`],
    ['a hidden category', (seeded) => `shown=${seeded.keys.hidden}&on=${seeded.keys.hidden}`],
    ['an internal category', (seeded) => `shown=${seeded.keys.internal}&on=${seeded.keys.internal}`],
    ['an archived category', (seeded) => `shown=${seeded.keys.archived}&on=${seeded.keys.archived}`],
    ['a deleted category', (seeded) => `shown=${seeded.keys.deleted}&on=${seeded.keys.deleted}`],
    ['a category of another channel', (seeded) => `shown=${seeded.keys.sms}&on=${seeded.keys.sms}`],
    ['nested names', (seeded) => `${formOf(seeded, []).toString()}&on[]=${seeded.keys.a}&on[x][y]=1`],
    ['a field named twice', (seeded) => `${formOf(seeded, []).toString()}&shown_field=x&field.x=1&field.x=2`],
    ['a field that was not shown', (seeded) => `${formOf(seeded, []).toString()}&field.x=1`],
    [
      'a field called __proto__',
      (seeded) => `${formOf(seeded, []).toString()}&shown_field=__proto__&field.__proto__=1`,
    ],
    ['broken escapes', (seeded) => `${formOf(seeded, []).toString()}&on=%E0%A4%A`],
    ['invalid UTF-8', (seeded) => `${formOf(seeded, []).toString()}&on=%ff%fe`],
    ['NUL', (seeded) => `${formOf(seeded, []).toString()}&on=%00`],
  ]
  test.each(broken)('%s: 400, and nothing is half done', async (_, body) => {
    const seeded = await seedPreferences(db)
    const answer = await post(seeded.path, body(seeded))
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('<h1>Nothing was saved</h1>')
    expect(await eventsOf(db, seeded.campaignId)).toEqual([])
    expect(await statusOf(db, seeded.contactId, seeded.ids.a)).toBe('subscribed')
  })

  test('a category of another resource', async () => {
    const seeded = await seedPreferences(db)
    const other = await seedPreferences(db)
    const foreign = await seedCategory(db, other.resourceId)
    expect((await post(seeded.path, `shown=${foreign.key}&on=${foreign.key}`)).status).toBe(400)
    expect(await statusOf(db, seeded.contactId, foreign.id)).toBeNull()
  })

  test('the same name twice means it once', async () => {
    const seeded = await seedPreferences(db)
    const twice = `${formOf(seeded, [seeded.keys.a]).toString()}&${formOf(seeded, [seeded.keys.a]).toString()}`
    expect((await post(seeded.path, twice)).status).toBe(200)
    expect(await eventsOf(db, seeded.campaignId)).toHaveLength(1)
  })

  test('more than 16 KiB, announced or not, and 10 MB', async () => {
    const seeded = await seedPreferences(db)
    expect((await post(seeded.path, `on=${'x'.repeat(16 * 1024)}`)).status).toBe(413)
    let given = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        given += 1024
        if (given > 10_000_000) controller.close()
        else controller.enqueue(new Uint8Array(1024).fill(0x78))
      },
    })
    const request = new Request(`http://edge${seeded.path}?shown=preferences-en-1`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: endless,
      duplex: 'half',
    })
    expect((await edge.app.request(request)).status).toBe(413)
    expect(given).toBeLessThan(64 * 1024)
  })

  test.each([
    'application/json',
    'multipart/form-data; boundary=x',
    'text/plain',
    'application/x-www-form-urlencodedx',
    '',
  ])('a body of the type "%s"', async (type) => {
    const seeded = await seedPreferences(db)
    expect((await post(seeded.path, formOf(seeded, []), { 'Content-Type': type })).status).toBe(415)
    expect(await eventsOf(db, seeded.campaignId)).toEqual([])
  })

  test('a POST that does not say which words were shown, such as a one-click POST', async () => {
    const seeded = await seedPreferences(db)
    const answer = await edge.app.request(seeded.path, {
      method: 'POST',
      body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
    })
    expect(answer.status).toBe(400)
    expect(await eventsOf(db, seeded.campaignId)).toEqual([])
  })

  test('tokens: of another scope, forged, of another secret, of nobody', async () => {
    const seeded = await seedPreferences(db)
    const claims = { ...claimsOf(seeded), scope: 'preferences' as const }
    const wrong: [string, number][] = [
      [seeded.token, 400],
      [tokens.sign({ scope: 'opt_in', requestId: seeded.campaignId, contactId: seeded.contactId }), 400],
      [`${preferencesToken(seeded).slice(0, -1)}A`, 400],
      [preferencesToken(seeded).slice(1), 400],
      [createTokens(['another secret']).sign(claims), 410],
      [tokens.sign({ ...claims, contactId: '999999' }), 410],
      [tokens.sign({ ...claims, campaignId: '999999' }), 410],
    ]
    for (const [token, status] of wrong) {
      expect((await get(`/p/${token}`)).status).toBe(status)
      expect((await post(`/p/${token}`, formOf(seeded, []))).status).toBe(status)
    }
    expect(await statusOf(db, seeded.contactId, seeded.ids.a)).toBe('subscribed')
  })

  test('a contact that was erased', async () => {
    const seeded = await seedPreferences(db)
    await db.deleteFrom('contact').where('id', '=', seeded.contactId).execute()
    expect((await get(seeded.path)).status).toBe(410)
    expect((await post(seeded.path, formOf(seeded, []))).status).toBe(410)
  })
})
