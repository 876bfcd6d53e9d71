import { readFile } from 'node:fs/promises'
import { type Context, Hono } from 'hono'
import { csrf } from 'hono/csrf'
import { secureHeaders } from 'hono/secure-headers'
import { mailBody } from './mail-body.ts'
import { type OpenedMail, oneClickUrl, openMail, summary } from './opened-mail.ts'
import { listPage, messagePage, notFoundPage } from './pages.ts'
import type { MailQuery, MailStore } from './store.ts'

const pageSize = 50
const mostListed = 1000

const style = await readFile(new URL('style.css', import.meta.url), 'utf8')

/** The inbox: pages for people, JSON for tests and scripts. Nothing in a mail can act on it: see the two policies. */
export function createInbox(store: MailStore): Hono {
  const app = new Hono()
  // Before the pages' policy, which would replace this document's own, stricter one.
  app.get('/messages/:id/html', (c) =>
    withMail(c, store, (mail) => mailBody(mail.html ?? '', c.req.query('images') === '1')),
  )
  app.use(pagePolicy, csrf())
  app.get('/style.css', (c) => c.body(style, 200, { 'content-type': 'text/css; charset=utf-8' }))
  addPages(app, store)
  addApi(app, store)
  app.notFound((c) => c.html(notFoundPage(), 404))
  return app
}

const pagePolicy = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    styleSrc: ["'self'"],
    frameSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'self'"],
  },
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'SAMEORIGIN',
  strictTransportSecurity: false,
})

function addPages(app: Hono, store: MailStore): void {
  app.get('/', (c) => {
    const containing = c.req.query('q')?.trim() ?? ''
    const before = positive(c.req.query('before'))
    // One more than is shown tells whether there is an older page.
    const found = store.list(query({ containing, before, limit: pageSize + 1 }))
    const mails = found.slice(0, pageSize).map(summary)
    return c.html(listPage({ mails, containing, total: store.count(), hasOlder: found.length > pageSize }))
  })
  app.get('/messages/:id{[0-9]+\\.eml}', (c) => withRaw(c, store, (raw) => eml(c, raw)))
  app.get('/messages/:id/source', (c) => withRaw(c, store, (raw) => c.text(raw.toString('utf8'))))
  app.get('/messages/:id', (c) => withMail(c, store, (mail) => page(c, mail, null)))
  app.post('/messages/:id/unsubscribe', (c) =>
    withMail(c, store, async (mail) => page(c, mail, await pressUnsubscribe(mail))),
  )
}

function addApi(app: Hono, store: MailStore): void {
  app.get('/api/messages', (c) => {
    const limit = Math.min(positive(c.req.query('limit')) ?? pageSize, mostListed)
    const before = positive(c.req.query('before'))
    const messages = store.list(query({ to: c.req.query('to') ?? '', before, limit })).map(summary)
    return c.json({ total: store.count(), messages })
  })
  app.get('/api/messages/:id', (c) => withMail(c, store, (mail) => c.json(mail)))
}

const page = (c: Context, mail: OpenedMail, answer: string | null) =>
  c.html(messagePage(mail, { oneClick: oneClickUrl(mail), answer, withImages: c.req.query('images') === '1' }))

const eml = (c: Context, raw: Buffer<ArrayBuffer>) =>
  c.body(raw, 200, { 'content-type': 'message/rfc822', 'content-disposition': 'attachment' })

/** What a mail client does when its own unsubscribe button is pressed (RFC 8058, 3.2): no cookies, no redirects. */
async function pressUnsubscribe(mail: OpenedMail): Promise<string> {
  const url = oneClickUrl(mail)
  if (url === null) return 'This mail offers no one-click unsubscribe.'
  const body = new URLSearchParams({ 'List-Unsubscribe': 'One-Click' })
  try {
    const answer = await fetch(url, { method: 'POST', body, redirect: 'manual', signal: AbortSignal.timeout(10_000) })
    return `${new URL(url).origin} answered ${answer.status}${answer.ok ? ': unsubscribed.' : '.'}`
  } catch (error) {
    return `${new URL(url).origin} did not answer: ${String((error as Error).cause ?? error)}`
  }
}

/** Leaves out what was not asked for. */
function query(asked: { to?: string; containing?: string; before: number | null; limit: number }): MailQuery {
  const asks: MailQuery = { limit: asked.limit }
  if (asked.to) asks.to = asked.to
  if (asked.containing) asks.containing = asked.containing
  if (asked.before !== null) asks.before = asked.before
  return asks
}

const positive = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : null

type Answer = Response | Promise<Response>

async function withRaw(c: Context, store: MailStore, use: (raw: Buffer<ArrayBuffer>) => Answer): Promise<Response> {
  const entry = store.find(Number.parseInt(c.req.param('id') ?? '', 10))
  return entry === null ? c.notFound() : use(await store.read(entry))
}

async function withMail(c: Context, store: MailStore, use: (mail: OpenedMail) => Answer): Promise<Response> {
  const entry = store.find(Number.parseInt(c.req.param('id') ?? '', 10))
  return entry === null ? c.notFound() : use(await openMail(entry, await store.read(entry)))
}
