import type { Context, Hono } from 'hono'
import type { ApiKeyRow } from '../../db/api-keys.ts'
import { findVisible, type Ownable, type Owned } from '../../db/visible.ts'
import { unstorable } from '../../domain/strict-json.ts'
import type { HttpEnv } from '../edge.ts'
import { admit } from './admission.ts'
import { ApiError } from './api-error.ts'
import { checked } from './checked.ts'
import { answerOnce, onceRequest } from './once.ts'
import type { RateLimiter } from './rate-limiter.ts'
import { readBody } from './read-body.ts'
import type { ApiDeps, Call, Route } from './route.ts'

export interface Mounting extends ApiDeps {
  limiter: RateLimiter
  /** Whether this API knows the header Idempotency-Key. */
  knowsOnce: boolean
  /** How this API says what went wrong. */
  answerError: (c: Context, error: unknown) => Response
}

/** Puts a table of routes on the app. What is below `base` and in no route is answered as the API answers errors. */
export function mount(app: Hono<HttpEnv>, base: string, routes: readonly Route[], mounting: Mounting): void {
  for (const route of routes)
    app.on(route.method, route.path, (c) =>
      answer(c, route, mounting).catch((error: unknown) => mounting.answerError(c, error)),
    )
  app.all(`${base}/*`, (c) => mounting.answerError(c, noRoute(c, routes)))
}

function noRoute(c: Context, routes: readonly Route[]): ApiError {
  const here = routes.filter(({ path }) => patternOf(path).test(c.req.path)).map(({ method }) => method)
  if (here.length === 0) return new ApiError('not_found', 'There is nothing at this path.')
  const allow = [...new Set(here)].join(', ')
  return new ApiError('method_not_allowed', `${allow} is possible here.`, { headers: { Allow: allow } })
}

const patternOf = (path: string): RegExp => new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+').replaceAll('.', '\\.')}$`)

async function answer(c: Context, route: Route, mounting: Mounting): Promise<Response> {
  const caller = await admit(c, route, mounting, mounting.limiter)
  const { text, value } = route.body === undefined ? { text: '', value: undefined } : await readBody(c)
  const call = callOf(c, route, { mounting, caller, value })
  const once = caller !== null && mounting.knowsOnce && changesByPost(route) ? onceRequest(c, caller, text) : null
  if (once === null) return carryOut(c, route, call)
  return answerOnce(c, mounting, once, () =>
    carryOut(c, route, call).catch((error: unknown) => mounting.answerError(c, error)),
  )
}

/** A look needs no key: it can be repeated as it is. */
const changesByPost = ({ method, scope }: Route): boolean => method === 'POST' && scope !== 'read'

function callOf(
  c: Context,
  route: Route,
  { mounting, caller, value }: { mounting: Mounting; caller: ApiKeyRow | null; value: unknown },
): Call<unknown, unknown, unknown> {
  const { db, addressee, log } = mounting
  const group = caller?.accessGroup ?? null
  return {
    deps: { db, addressee, log },
    caller,
    group,
    by: caller?.name ?? 'nobody',
    params: route.params && checked(route.params, readText(c.req.param(), 'The path')),
    query: checkedQuery(c, route),
    body: route.body && checked(route.body, value),
    find: (kind, name) => find(mounting, kind, name, group),
  }
}

function readText<T extends Record<string, string>>(values: T, where: string): T {
  for (const value of Object.values(values)) {
    const wrong = unstorable(value)
    if (wrong !== null) throw new ApiError('invalid', `${where} holds ${wrong}.`)
  }
  return values
}

function checkedQuery(c: Context, { query }: Route): unknown {
  if (query === undefined) return undefined
  for (const [name, values] of Object.entries(c.req.queries()))
    if (values.length > 1) throw new ApiError('invalid', `The query names ${name} twice.`)
  return checked(query, readText(c.req.query(), 'The query'))
}

async function find({ db }: ApiDeps, kind: Ownable, name: string, group: Call<0, 0, 0>['group']): Promise<Owned> {
  const found = (await findVisible(db, kind, [name], group)).get(name)
  if (found !== undefined) return found
  throw new ApiError('not_found', `There is no ${kind} ${name}.`)
}

async function carryOut(c: Context, route: Route, call: Call<unknown, unknown, unknown>): Promise<Response> {
  const result = await route.handle(call)
  return route.answer === null ? c.body(null, 204) : c.json(route.answer.parse(result) as object)
}
