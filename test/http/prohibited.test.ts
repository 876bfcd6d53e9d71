import { beforeAll, describe, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import { startUnsubscribe } from '../../db/pending-unsubscribe.ts'
import { requestOptIn } from '../../db/request-opt-in.ts'
import { savePreferences } from '../../db/save-preferences.ts'
import { settleDueUnsubscribe } from '../../db/settle-unsubscribe.ts'
import { unsubscribeContact } from '../../db/unsubscribe-contact.ts'
import { createTestApi, giveAddress } from '../setup/api.ts'
import { createDatabase } from '../setup/database.ts'
import { clicked, makeOverdue, setMode } from '../setup/delayed.ts'
import { fingerprint } from '../setup/fingerprint.ts'
import { asked, optInToken } from '../setup/opt-in-seed.ts'
import { seedField, seedPreferences } from '../setup/preference-seed.ts'
import { act, claimsOf, statusOf, tokens } from '../setup/unsubscribe-seed.ts'

// A resource that lets nobody unsubscribe: whatever comes from its recipients is refused with the reason and changes
// nothing; what the sender does on its own account is done.

let db: Db
let api: Awaited<ReturnType<typeof createTestApi>>
beforeAll(async () => {
  ;({ db } = await createDatabase())
  api = await createTestApi(db)
})

const reason = 'Only invoices come from here.'

async function seed(prohibited_reason: string | null = reason) {
  const seeded = await seedPreferences(db)
  await seedField(db, seeded.resourceId, 'city', 'line')
  const own = { unsubscribe_page_url: 'https://acme.example/bye', site_urls: ['https://acme.example/'] }
  await setMode(db, seeded.resourceId, {
    unsubscribe_mode: 'prohibited',
    ...own,
    ...(prohibited_reason !== null && { prohibited_reason }),
  })
  const resource = db.selectFrom('resource').select(['key', 'token']).where('id', '=', seeded.resourceId)
  const smid = tokens.sign({ ...claimsOf(seeded), scope: 'message' })
  return { ...seeded, resource: await resource.executeTakeFirstOrThrow(), smid }
}
type Seeded = Awaited<ReturnType<typeof seed>>

const form = { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }
const press = (deed: string) => (seeded: Seeded) =>
  api.app.request(`/u/${seeded.token}?shown=modes-en-1${deed}`, { method: 'POST' })
const save = (body: (seeded: Seeded) => string) => (seeded: Seeded) =>
  api.app.request(`${seeded.path}?shown=preferences-en-1`, { ...form, body: body(seeded) })
const sdk = (action: string) => (seeded: Seeded) =>
  api.app.request(`/sdk/unsub?id=${seeded.resource.key}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Origin: 'https://acme.example' },
    body: JSON.stringify({ action, smid: seeded.smid }),
  })
const messageUnsub = (categories?: (seeded: Seeded) => string[]) => (seeded: Seeded) =>
  api.app.request('/api/v1.1/profiles/message_unsub', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      token: api.admin,
      smid: seeded.smid,
      rtoken: seeded.resource.token,
      ...(categories !== undefined && { categories: categories(seeded) }),
    }),
  })

const refused: [string, (seeded: Seeded) => Response | Promise<Response>][] = [
  ['the one-click POST', ({ token }) => api.app.request(`/u/${token}`, { method: 'POST' })],
  ['the button of a page that was open before', press('')],
  ...['confirm', 'cancel', 'undo', 'everything'].map(
    (deed): [string, (seeded: Seeded) => Response | Promise<Response>] => [`"${deed}"`, press(`&do=${deed}`)],
  ),
  ['preferences: switched off', save(({ keys }) => `shown=${keys.a}&shown=${keys.b}&on=${keys.b}`)],
  ['preferences: switched on', save(({ keys }) => `shown=${keys.off}&on=${keys.off}`)],
  ['preferences: a field', save(() => 'shown_field=city&field.city=Oslo')],
  ['preferences: everything off', save(() => 'everything_off=yes')],
  ['preferences: what no page sends', save(() => 'x=y')],
  ['the SDK: confirm', sdk('confirm')],
  ['the SDK: cancel', sdk('cancel')],
  ['message_unsub', messageUnsub()],
  ['message_unsub: of one category', messageUnsub(({ keys }) => [keys.a])],
]

describe('what a recipient does is refused with the reason, and changes nothing', () => {
  test.each(refused)('%s', async (_, send) => {
    const seeded = await seed()
    await api.ask('GET', '/v1/resources')
    const before = await fingerprint(db)
    const answer = await send(seeded)
    expect(answer.status).toBe(403)
    expect(await answer.text()).toContain(reason)
    expect(await fingerprint(db)).toEqual(before)
  })

  test('a save that was under way when it was prohibited', async () => {
    const seeded = await seed()
    const before = await fingerprint(db)
    const off = { shown: [seeded.keys.a], on: [], fields: {} }
    expect(await savePreferences(db, claimsOf(seeded), off, act)).toMatchObject({ kind: 'prohibited' })
    expect(await fingerprint(db)).toEqual(before)
  })
})

describe('the preference page', () => {
  test('shows everything as it is, locked, with the reason and without a button', async () => {
    const seeded = await seed()
    const answer = await api.app.request(seeded.path)
    const page = await answer.text()
    expect(answer.status).toBe(200)
    expect(page).toContain(`<p class="said">${reason}</p>`)
    expect([...page.matchAll(/<fieldset(.*?)>/g)].map(([, attributes]) => attributes)).toEqual([
      ' disabled',
      ' disabled',
    ])
    expect(page.match(/name="on"[^>]*? checked/g)).toHaveLength(2)
    expect(page).not.toMatch(/<form|<button/)
  })

  test('gives the standard reason where the resource has none, in the language of the contact', async () => {
    const seeded = await seed(null)
    await db.updateTable('contact').set({ language: 'de' }).where('id', '=', seeded.contactId).execute()
    expect(await (await api.app.request(seeded.path)).text()).toContain('die Sie erhalten müssen')
  })
})

describe('what the sender does is done', () => {
  test('an unsubscribe through /v1 and one through the HubSpot API', async () => {
    for (const unsubscribe of [
      ({ contactId, keys }: Seeded) => api.ask('DELETE', `/v1/subscriptions?contactId=${contactId}&category=${keys.a}`),
      ({ address, ids }: Seeded) =>
        api.ask('POST', '/communication-preferences/v3/unsubscribe', {
          body: { emailAddress: address, subscriptionId: ids.a },
        }),
    ]) {
      const seeded = await seed()
      await db.deleteFrom('contact_address').where('contact_id', '=', seeded.contactId).execute()
      await giveAddress(db, seeded.contactId, seeded.address)
      expect((await unsubscribe(seeded)).status).toBeLessThan(300)
      expect(await statusOf(db, seeded.contactId, seeded.ids.a)).toBe('unsubscribed')
    }
  })

  test('an operator’s command', async () => {
    const { contactId, ids } = await seed()
    const operator = { ...act, through: 'operator' as const, actor: 'ada', campaignId: null }
    const scope = { kind: 'category' as const, categoryId: ids.a, channel: 'email' }
    expect(await unsubscribeContact(db, contactId, scope, operator)).toBe(true)
    expect(await statusOf(db, contactId, ids.a)).toBe('unsubscribed')
  })
})

test('what was pressed before it was prohibited is carried out when it is due', async () => {
  const seeded = await seed()
  await setMode(db, seeded.resourceId, { unsubscribe_mode: 'delayed', unsubscribe_timer_seconds: 600 })
  const { started } = await startUnsubscribe(db, claimsOf(seeded), clicked)
  await setMode(db, seeded.resourceId, { unsubscribe_mode: 'prohibited' })
  await makeOverdue(db, seeded.resourceId)
  for (const id of started) expect(await settleDueUnsubscribe(db, id)).toBe(true)
  expect(await statusOf(db, seeded.contactId, seeded.ids.a)).toBe('unsubscribed')
})

test('a subscription that was asked for can be confirmed: it is a yes', async () => {
  const { contactId, ids } = await seed()
  const ask = { contactId, categoryId: ids.off, channel: 'email', asked: true }
  const request = await requestOptIn(db, ask, asked)
  const requestId = request.kind === 'pending' ? request.requestId : ''
  const confirmed = await api.app.request(`/o/${optInToken(requestId, contactId)}?shown=opt-in-en-1`, {
    method: 'POST',
  })
  expect(confirmed.status).toBe(200)
  expect(await statusOf(db, contactId, ids.off)).toBe('subscribed')
})
