import { beforeAll, describe, expect, test } from 'vitest'
import { archiveCategory, deleteCategory } from '../../db/category-changes.ts'
import type { Db } from '../../db/connect.ts'
import { nextOptInStep, optInMail } from '../../db/opt-ins.ts'
import { startUnsubscribe } from '../../db/pending-unsubscribe.ts'
import { requestOptIn } from '../../db/request-opt-in.ts'
import { deleteResource } from '../../db/resource-changes.ts'
import { settleDueUnsubscribe } from '../../db/settle-unsubscribe.ts'
import { createTestApi } from '../setup/api.ts'
import { createDatabase } from '../setup/database.ts'
import { clicked, makeOverdue, pendingsOf, setMode } from '../setup/delayed.ts'
import { asked, optInToken } from '../setup/opt-in-seed.ts'
import { seedPreferences } from '../setup/preference-seed.ts'
import { claimsOf, refusalsOf, statusOf, tokens } from '../setup/unsubscribe-seed.ts'

// What is taken out of use while mail about it lies in inboxes, and while somebody is in the middle of something.
// A "no" is always taken; a "yes" is not, for nobody would honour it.

let db: Db
let api: Awaited<ReturnType<typeof createTestApi>>
beforeAll(async () => {
  ;({ db } = await createDatabase())
  api = await createTestApi(db)
})

async function seed(mode: 'instant' | 'delayed' | 'confirm' = 'instant') {
  const seeded = await seedPreferences(db)
  await db.updateTable('category').set({ double_opt_in: true }).where('id', '=', seeded.ids.off).execute()
  await setMode(db, seeded.resourceId, {
    unsubscribe_mode: mode,
    ...(mode === 'delayed' && { unsubscribe_timer_seconds: 600 }),
    ...(mode === 'confirm' && { unsubscribe_page_url: 'https://acme.example/bye?m={send_message_id}' }),
  })
  const resource = db.selectFrom('resource').select(['key', 'token']).where('id', '=', seeded.resourceId)
  const smid = tokens.sign({ ...claimsOf(seeded), scope: 'message' })
  return { ...seeded, resource: await resource.executeTakeFirstOrThrow(), smid }
}
type Seeded = Awaited<ReturnType<typeof seed>>

/** Campaigns that need it are over. */
const finish = ({ campaignId }: Seeded) =>
  db.updateTable('campaign').set({ state: 'finished' }).where('id', '=', campaignId).execute()

/** Of the message's categories A and B, the former; or all. */
const retirements: [string, (seeded: Seeded) => Promise<unknown>][] = [
  ['a category is archived', ({ keys }) => archiveCategory(db, keys.a)],
  ['a category is deleted', (seeded) => finish(seeded).then(() => deleteCategory(db, seeded.keys.a))],
  ['the resource is deleted', (seeded) => finish(seeded).then(() => deleteResource(db, seeded.resource.key))],
]

async function expectRefused({ contactId, ids, address }: Seeded): Promise<void> {
  expect([await statusOf(db, contactId, ids.a), await statusOf(db, contactId, ids.b)]).toEqual([
    'unsubscribed',
    'unsubscribed',
  ])
  expect(await refusalsOf(db, address)).toHaveLength(2)
}

describe.each(retirements)('when %s', (_, retire) => {
  test('the link of old mail unsubscribes, by button and by one click, and says from what', async () => {
    for (const query of ['', '?shown=unsubscribe-en-1']) {
      const seeded = await seed()
      await retire(seeded)
      expect(await (await api.app.request(`/u/${seeded.token}`)).text()).toContain('<bdi>A</bdi>')
      expect((await api.app.request(`/u/${seeded.token}${query}`, { method: 'POST' })).status).toBe(200)
      await expectRefused(seeded)
    }
  })

  test('a delay that is running is shown and cancelled as before', async () => {
    const seeded = await seed('delayed')
    await startUnsubscribe(db, claimsOf(seeded), clicked)
    await retire(seeded)
    expect(await (await api.app.request(`/u/${seeded.token}`)).text()).toContain('role="timer"')
    await api.app.request(`/u/${seeded.token}?shown=modes-en-1&do=cancel`, { method: 'POST' })
    expect((await pendingsOf(db, seeded.resourceId)).map(({ state }) => state)).toEqual(['cancelled', 'cancelled'])
  })

  test('a delay that is running ends in time', async () => {
    const seeded = await seed('delayed')
    const { started } = await startUnsubscribe(db, claimsOf(seeded), clicked)
    await retire(seeded)
    await makeOverdue(db, seeded.resourceId)
    for (const id of started) expect(await settleDueUnsubscribe(db, id)).toBe(true)
    await expectRefused(seeded)
  })

  test('the SDK of an own page that names the category unsubscribes, and so does message_unsub', async () => {
    const calls: ((seeded: Seeded) => Response | Promise<Response>)[] = [
      ({ resource, smid, keys }) =>
        api.app.request(`/sdk/unsub?id=${resource.key}`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', Origin: 'https://acme.example' },
          body: JSON.stringify({ action: 'confirm', smid, categories: [keys.a] }),
        }),
      ({ resource, smid, keys }) =>
        api.app.request('/api/v1.1/profiles/message_unsub', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ token: api.admin, smid, rtoken: resource.token, categories: [keys.a] }),
        }),
    ]
    for (const call of calls) {
      const seeded = await seed('confirm')
      await retire(seeded)
      expect((await api.app.request(`/u/${seeded.token}`)).headers.get('location')).toContain(
        'https://acme.example/bye',
      )
      expect((await call(seeded)).status).toBe(200)
      expect(await statusOf(db, seeded.contactId, seeded.ids.a)).toBe('unsubscribed')
    }
  })

  test('a preference page that is open: what is not offered any more is not saved, everything off is', async () => {
    const seeded = await seed()
    const { keys, path, contactId, ids } = seeded
    await retire(seeded)
    const post = (body: string) =>
      api.app.request(`${path}?shown=preferences-en-1`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body,
      })
    const answer = await post(`shown=${keys.a}&shown=${keys.b}&on=${keys.a}`)
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('The subscriptions on offer have changed')
    expect(await statusOf(db, contactId, ids.b)).toBe('subscribed')
    expect(await (await api.app.request(path)).text()).not.toContain(`id="on-${keys.a}"`)
    expect((await post('everything_off=yes')).status).toBe(200)
    expect(await refusalsOf(db, seeded.address)).toMatchObject([{ resource_id: seeded.resourceId }])
  })
})

describe.each([
  ['its category is archived', ({ keys }: Seeded) => archiveCategory(db, keys.off)],
  ['its category is deleted', ({ keys }: Seeded) => deleteCategory(db, keys.off)],
  ['the resource is deleted', (seeded: Seeded) => finish(seeded).then(() => deleteResource(db, seeded.resource.key))],
])('a request to confirm, when %s', (_, retire) => {
  test('is not mailed, and its link subscribes nobody', async () => {
    const seeded = await seed()
    const { contactId, ids } = seeded
    const ask = { contactId, categoryId: ids.off, channel: 'email', asked: true }
    const request = await requestOptIn(db, ask, asked)
    const requestId = request.kind === 'pending' ? request.requestId : ''
    await retire(seeded)
    const step = await nextOptInStep(db, requestId)
    if (step.kind === 'mail') expect(await optInMail(db, requestId, 1)).toMatchObject({ sendable: false })
    else expect(step).toEqual({ kind: 'over', state: 'withdrawn' })
    const link = `/o/${optInToken(requestId, contactId)}`
    expect((await api.app.request(link)).status).toBe(410)
    expect((await api.app.request(`${link}?shown=opt-in-en-1`, { method: 'POST' })).status).toBe(410)
    expect(await statusOf(db, contactId, ids.off)).not.toBe('subscribed')
  })
})
