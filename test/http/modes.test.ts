import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { claim } from '../../db/claim.ts'
import type { Db } from '../../db/connect.ts'
import { criteriaOf } from '../../db/criteria.ts'
import { createDatabase } from '../setup/database.ts'
import { makeOverdue, pendingsOf, seedDelayed, setMode } from '../setup/delayed.ts'
import { eventually } from '../setup/eventually.ts'
import { createTestApp } from '../setup/http-app.ts'
import { eventsOf, refusalsOf, type SentMessage, seedSent, statusOf, tokens } from '../setup/unsubscribe-seed.ts'

let db: Db
let edge: ReturnType<typeof createTestApp>
beforeAll(async () => {
  db = (await createDatabase()).db
  edge = createTestApp(db)
})

const open = async ({ token }: SentMessage, method = 'GET') => await edge.app.request(`/u/${token}`, { method })
const press = async ({ token }: SentMessage, deed?: string) =>
  await edge.app.request(`/u/${token}?shown=modes-en-1${deed === undefined ? '' : `&do=${deed}`}`, { method: 'POST' })
const oneClick = async ({ token }: SentMessage) => await edge.app.request(`/u/${token}`, { method: 'POST' })
const status = (sent: SentMessage) => statusOf(db, sent.contactId, sent.categories[0]?.id)
const headingOf = async (answer: Response) => /<h1>(.*?)<\/h1>/.exec(await answer.text())?.[1]
const smidOf = ({ campaignId, contactId }: SentMessage) => tokens.sign({ campaignId, contactId, scope: 'message' })

const ownUrl = 'https://acme.example/bye?m={send_message_id}&r={resource_token}#top'
async function filled(sent: SentMessage): Promise<string> {
  const { token } = await db
    .selectFrom('resource')
    .select('token')
    .where('id', '=', sent.resourceId)
    .executeTakeFirstOrThrow()
  return `https://acme.example/bye?m=${smidOf(sent)}&r=${token}#top`
}

describe('confirm', () => {
  test("the link leads to the resource's own page, which is told the message and the resource", async () => {
    const sent = await seedSent(db)
    await setMode(db, sent.resourceId, { unsubscribe_mode: 'confirm', unsubscribe_page_url: ownUrl })
    for (const method of ['GET', 'HEAD']) {
      const answer = await open(sent, method)
      expect([answer.status, answer.headers.get('location')]).toEqual([302, await filled(sent)])
    }
    expect(await status(sent)).toBe('subscribed')
    await oneClick(sent)
    expect(await status(sent)).toBe('unsubscribed')
  })

  test.each([undefined, 'javascript:alert(1)//{send_message_id}', 'not a url'])(
    'with the page %s our own serves',
    async (url) => {
      const sent = await seedSent(db)
      await setMode(db, sent.resourceId, {
        unsubscribe_mode: 'confirm',
        ...(url === undefined ? {} : { unsubscribe_page_url: url }),
      })
      expect(await headingOf(await open(sent))).toBe('Unsubscribe from Acme')
      expect(await headingOf(await press(sent))).toBe('You were unsubscribed')
    },
  )
})

describe('instant', () => {
  test("after the button comes the resource's own page; its scheme is allowed by the policy", async () => {
    const sent = await seedSent(db)
    await setMode(db, sent.resourceId, { unsubscribe_mode: 'instant', unsubscribe_page_url: ownUrl })
    const page = await open(sent)
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self' https:;")
    const answer = await press(sent)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, await filled(sent)])
    expect(await status(sent)).toBe('unsubscribed')
  })

  test('the one-click POST is answered without a redirect', async () => {
    const sent = await seedSent(db)
    await setMode(db, sent.resourceId, { unsubscribe_mode: 'instant', unsubscribe_page_url: ownUrl })
    expect((await oneClick(sent)).status).toBe(200)
  })
})

describe('prohibited', () => {
  const prohibit = async (reason?: string) => {
    const sent = await seedSent(db)
    await setMode(db, sent.resourceId, {
      unsubscribe_mode: 'prohibited',
      ...(reason === undefined ? {} : { prohibited_reason: reason }),
    })
    return sent
  }

  test('page and one-click POST say why, and change nothing', async () => {
    const sent = await prohibit('These are <invoices>.')
    const page = await (await open(sent)).text()
    expect(page).toContain('<p>These are &lt;invoices&gt;.</p>')
    expect(page).not.toContain('<form')
    for (const answer of [await press(sent), await press(sent, 'everything'), await oneClick(sent)]) {
      expect(answer.status).toBe(403)
      expect(await answer.text()).toMatch(/These are (<|&lt;)invoices(>|&gt;)\./)
    }
    expect(await status(sent)).toBe('subscribed')
    expect(await eventsOf(db, sent.campaignId)).toEqual([])
    expect(await refusalsOf(db, sent.address)).toEqual([])
  })

  test('without a reason of its own a standard one, in the language of the contact', async () => {
    const sent = await prohibit()
    await db.updateTable('contact').set({ language: 'de' }).where('id', '=', sent.contactId).execute()
    expect(await (await oneClick(sent)).text()).toMatch(
      /^Von Acme können Sie sich hier nicht abmelden\. Acme sendet nur/,
    )
  })
})

describe('delayed', () => {
  test('open, press, count down: a second press, a second tab and a scanner change nothing', async () => {
    const sent = await seedDelayed(db)
    const page = await (await open(sent)).text()
    expect(page).toContain('You can change your mind for 10 minutes after that.')
    expect(page.match(/<button/g)).toHaveLength(1)
    const started = await press(sent)
    const shown = await started.text()
    expect(shown).toContain('<h1>You are leaving Acme</h1>')
    expect(shown).toMatch(/You will be unsubscribed in 10 minutes, at \d\d:\d\d UTC, unless you cancel/)
    expect(started.headers.get('content-security-policy')).toMatch(/script-src 'sha256-[\w+/=]{44}';/)
    const due = await db
      .selectFrom('pending_unsubscribe')
      .select('due_at')
      .where('contact_id', '=', sent.contactId)
      .execute()
    expect(await headingOf(await press(sent))).toBe('You are leaving Acme')
    expect(await headingOf(await open(sent))).toBe('You are leaving Acme')
    expect(
      await db.selectFrom('pending_unsubscribe').select('due_at').where('contact_id', '=', sent.contactId).execute(),
    ).toEqual(due)
    expect(await status(sent)).toBe('subscribed')
  })

  test("the resource's own page comes after the press", async () => {
    const sent = await seedDelayed(db)
    await db.updateTable('resource').set({ unsubscribe_page_url: ownUrl }).where('id', '=', sent.resourceId).execute()
    expect((await open(sent)).status).toBe(200)
    const answer = await press(sent)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, await filled(sent)])
    expect(await pendingsOf(db, sent.resourceId)).toMatchObject([{ state: 'pending' }])
  })

  test('cancelled in one tab, confirmed in the other: told what was decided first', async () => {
    const sent = await seedDelayed(db)
    await press(sent)
    expect(await headingOf(await press(sent, 'cancel'))).toBe('You stay subscribed')
    expect(await headingOf(await press(sent, 'confirm'))).toBe('You stay subscribed')
    expect(await headingOf(await open(sent))).toBe('Unsubscribe from Acme')
    expect(await status(sent)).toBe('subscribed')
  })

  test('confirmed in one tab, cancelled in the other', async () => {
    const sent = await seedDelayed(db)
    await press(sent)
    expect(await headingOf(await press(sent, 'confirm'))).toBe('You were unsubscribed')
    expect(await headingOf(await press(sent, 'cancel'))).toBe('You are already unsubscribed')
    expect(await eventsOf(db, sent.campaignId)).toMatchObject([{ through: 'page', wording: 'modes-en-1' }])
  })

  test('the one-click POST does not wait, and settles what waits', async () => {
    const sent = await seedDelayed(db)
    await press(sent)
    expect(await (await oneClick(sent)).text()).toBe('You were unsubscribed.\n')
    expect(await pendingsOf(db, sent.resourceId)).toMatchObject([{ state: 'confirmed', settled_through: 'one_click' }])
    expect(await headingOf(await press(sent, 'cancel'))).toBe('You are already unsubscribed')
  })

  test('an erased contact cannot be waited for: the address refuses at once', async () => {
    const sent = await seedDelayed(db)
    await db.deleteFrom('contact').where('id', '=', sent.contactId).execute()
    expect(await headingOf(await press(sent))).toBe('You were unsubscribed')
    expect(await refusalsOf(db, sent.address)).toHaveLength(1)
  })

  test('nothing is sent meanwhile; after a cancel it is', async () => {
    const sent = await seedDelayed(db)
    const claimed = async () => {
      await sql`update recipient set state = 'queued' where campaign_id = ${sent.campaignId}`.execute(db)
      const claimer = { campaignId: sent.campaignId, from: 1, to: 10, token: crypto.randomUUID() }
      return (await claim(db, await criteriaOf(db, sent.campaignId), claimer, 10)).claimed.length
    }
    await sql`insert into tally (campaign_id, part) values (${sent.campaignId}, 0) on conflict do nothing`.execute(db)
    await press(sent)
    expect(await claimed()).toBe(0)
    await press(sent, 'cancel')
    expect(await claimed()).toBe(1)
  })

  test('Temporal away: the click counts, and the log says so', async () => {
    const sent = await seedDelayed(db)
    const start = edge.lines.length
    expect((await press(sent)).status).toBe(200)
    await eventually(() =>
      expect(edge.lines.slice(start).map((line) => line['msg'])).toContain('temporal was not told'),
    )
    expect(await pendingsOf(db, sent.resourceId)).toMatchObject([{ state: 'pending' }])
  })

  test('a timer that is over and not settled yet still says when', async () => {
    const sent = await seedDelayed(db)
    await press(sent)
    await makeOverdue(db, sent.resourceId, 5)
    expect(await (await open(sent)).text()).toContain('data-seconds="0"')
  })
})

test.each(['message', 'preferences'] as const)('a token of the scope %s is no link', async (scope) => {
  const sent = await seedDelayed(db)
  const token = tokens.sign({ campaignId: sent.campaignId, contactId: sent.contactId, scope })
  for (const method of ['GET', 'POST'])
    expect((await edge.app.request(`/u/${token}?shown=modes-en-1&do=confirm`, { method })).status).toBe(400)
  expect(await pendingsOf(db, sent.resourceId)).toEqual([])
})

test('GET with every query of our forms changes nothing', async () => {
  const sent = await seedDelayed(db)
  await press(sent)
  for (const deed of ['confirm', 'cancel', 'undo', 'everything'])
    for (const method of ['GET', 'HEAD'])
      expect((await edge.app.request(`/u/${sent.token}?shown=modes-en-1&do=${deed}`, { method })).status).toBe(200)
  expect(await pendingsOf(db, sent.resourceId)).toMatchObject([{ state: 'pending' }])
  expect(await status(sent)).toBe('subscribed')
})

test('behind a balancer that is named, the proof has the address of the person', async () => {
  const balanced = createTestApp(db, { trustedProxies: ['10.0.0.0/8'] })
  const sent = await seedSent(db)
  const headers = { 'X-Forwarded-For': '127.0.0.1, 198.51.100.7' }
  const env = { incoming: { socket: { remoteAddress: '::ffff:10.1.1.1' } } }
  await balanced.app.request(`/u/${sent.token}`, { method: 'POST', headers }, env)
  expect(await eventsOf(db, sent.campaignId)).toMatchObject([{ ip: '198.51.100.7' }])
})
