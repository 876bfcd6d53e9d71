import { randomUUID } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { routePath } from 'hono/route'
import type { Logger } from 'pino'
import type { Addressee } from '../client/addressee.ts'
import type { LazyTemporal } from '../client/temporal.ts'
import { createRateLimiter } from './api/rate-limiter.ts'
import type { EdgeDeps, HttpEnv } from './edge.ts'
import { mountApis } from './mount-apis.ts'
import { postOptIn, showOptIn } from './pages/opt-in.ts'
import { contentSecurityPolicy } from './pages/page.ts'
import { postPreferences, showPreferences } from './pages/preferences.ts'
import { answerProblem, problems } from './pages/problem.ts'
import { wordingOf } from './pages/reader.ts'
import { postUnsubscribe, showUnsubscribe } from './pages/unsubscribe.ts'
import type { Readiness } from './readiness.ts'
import { postMessageUnsub } from './sdk/message-unsub.ts'
import { allowSdk, getSdk, postSdk } from './sdk/sdk.ts'
import { createTellTemporal } from './tell-temporal.ts'

export interface AppDeps extends Omit<EdgeDeps, 'tellTemporal'> {
  addressee: Addressee
  /** Unsubscribing works without it: workflows that could not be started are started by the sweep. */
  temporal: LazyTemporal
  ready: () => Promise<Readiness>
}

/** What recipients and probes reach. A function from request to response: it opens no socket. */
export function createApp(deps: AppDeps): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>()
  app.use(logAccess(deps.log), setHeaders)
  app.use(methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }))
  const edge = { ...deps, tellTemporal: createTellTemporal(deps.temporal, deps.log) }
  app.get('/u/:token', showUnsubscribe(edge))
  app.post('/u/:token', postUnsubscribe(edge))
  app.get('/sdk/unsub.js', getSdk(edge))
  app.options('/sdk/unsub', allowSdk(edge))
  app.post('/sdk/unsub', postSdk(edge))
  app.get('/p/:token', showPreferences(edge))
  app.post('/p/:token', postPreferences(edge))
  app.get('/o/:token', showOptIn(edge))
  app.post('/o/:token', postOptIn(edge))
  const limiter = createRateLimiter()
  app.post('/api/v1.1/profiles/message_unsub', postMessageUnsub({ ...deps, limiter }))
  mountApis(app, deps, limiter)
  app.get('/healthz', (c) => c.json({ status: 'alive' }))
  app.get('/readyz', async (c) => {
    const readiness = await deps.ready()
    return c.json(readiness, readiness.ready ? 200 : 503)
  })
  app.notFound((c) => answerProblem(c, problems.notFound(wordingOf(c))))
  app.onError((error, c) => {
    const errorId = randomUUID()
    deps.log.error({ err: error, errorId }, 'request failed')
    return answerProblem(c, problems.failed(wordingOf(c), errorId))
  })
  return app
}

type Next = () => Promise<void>

/** One line a request. The path holds the token, and with it anyone could unsubscribe: only the route is named. */
const logAccess = (log: Logger) => async (c: Context, next: Next) => {
  const start = performance.now()
  await next()
  const ms = Math.round(performance.now() - start)
  log.info({ method: c.req.method, route: routePath(c), status: c.res.status, ms }, 'request')
}

const headers = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': contentSecurityPolicy,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Robots-Tag': 'noindex',
}

const setHeaders = (c: Context, next: Next) =>
  next().then(() => {
    for (const [name, value] of Object.entries(headers)) if (!c.res.headers.has(name)) c.res.headers.set(name, value)
  })

const refuseMethod = (c: Context, methods: string[]) =>
  c.text(`${c.req.method} is not possible here; ${methods.join(', ')} are.\n`, 405, { Allow: methods.join(', ') })
