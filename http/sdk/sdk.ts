import type { Context } from 'hono'
import { z } from 'zod'
import { findPageResource, type PageResource } from '../../db/page-access.ts'
import type { EdgeDeps, HttpEnv } from '../edge.ts'
import { clientOf } from '../pages/page-act.ts'
import { type Fault, fault, isFault, readJson } from './json-body.ts'
import { categoryKeys } from './message-unsub.ts'
import { messageOf, targetOf } from './page-access.ts'
import { sdkScript } from './sdk-script.ts'
import { cancelFromPage, confirmFromPage, type SdkStatus } from './sdk-unsub.ts'

type SdkContext = Context<HttpEnv>

const text = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[^\0]*$/, 'must hold no NUL')
const schema = z.object({
  action: z.enum(['confirm', 'cancel']),
  smid: text,
  rtoken: text.optional(),
  categories: categoryKeys.optional(),
})

const unknownResource = fault(404, 'unknown_resource', 'id is not the key of a resource.')

/** `GET /sdk/unsub.js?id=<key of the resource>`: the class `AkUnsub` for the resource's own pages. */
export const getSdk =
  ({ db }: EdgeDeps) =>
  async (c: SdkContext) => {
    const resource = await resourceOf(c, db)
    // A script of any page may be loaded by every page: it is public, and so is why there is none.
    c.header('Cross-Origin-Resource-Policy', 'cross-origin')
    if (resource === undefined) return c.text(`${unknownResource.message}\n`, 404)
    const { text, etag } = sdkScript(resource.key)
    c.header('Cache-Control', 'public, max-age=3600')
    c.header('ETag', etag)
    if (c.req.header('if-none-match')?.includes(etag)) return c.body(null, 304)
    return c.body(text, 200, { 'Content-Type': 'text/javascript; charset=utf-8' })
  }

/** What a browser asks before the page of another origin may post. */
export const allowSdk =
  ({ db }: EdgeDeps) =>
  async (c: SdkContext) => {
    const isAllowed = allowOrigin(c, await resourceOf(c, db))
    if (!isAllowed) return c.body(null, 403)
    c.header('Access-Control-Allow-Methods', 'POST')
    c.header('Access-Control-Allow-Headers', 'Content-Type')
    c.header('Access-Control-Max-Age', '600')
    return c.body(null, 204)
  }

/** `POST /sdk/unsub?id=<key of the resource>`: what the SDK sends. */
export const postSdk = (deps: EdgeDeps) => async (c: SdkContext) => {
  const answer = await carryOut(c, deps)
  if (typeof answer === 'string') return c.json({ status: answer })
  const { status, code, message } = answer
  return c.json({ code, message }, status)
}

async function carryOut(c: SdkContext, deps: EdgeDeps): Promise<SdkStatus | Fault> {
  const { db, tokens, log, clientAddress } = deps
  const asked = await resourceOf(c, db)
  const isAllowed = allowOrigin(c, asked)
  if (asked === undefined) return unknownResource
  if (!isAllowed) return otherOrigin
  const body = await readJson(c, schema)
  if (isFault(body)) return body
  const resource = body.rtoken === undefined ? asked : await findPageResource(db, { token: body.rtoken })
  if (resource === undefined) return fault(403, 'bad_rtoken', 'rtoken is not the token of a resource.')
  if (!isOwnOrigin(c, resource)) return otherOrigin
  const claims = await messageOf(db, tokens, body.smid, resource)
  if (isFault(claims)) return claims
  const target = await targetOf(db, resource, body.categories, { kind: 'eligible' })
  if (isFault(target)) return target
  const act = { through: 'sdk', actor: null, legalBasis: null, explanation: null, wording: null } as const
  const call = { claims, target, act: { ...act, ...clientOf(c, clientAddress) } }
  const answer = await (body.action === 'confirm' ? confirmFromPage(deps, call) : cancelFromPage(deps, call))
  log.info(
    { ...claims, through: 'sdk', action: body.action, outcome: isStatus(answer) ? answer : answer.code },
    'unsubscribe',
  )
  return answer
}

const isStatus = (answer: SdkStatus | Fault): answer is SdkStatus => typeof answer === 'string'

const otherOrigin = fault(
  403,
  'other_origin',
  'This page is neither the unsubscribe page of the resource nor on one of its sites.',
)

async function resourceOf(c: SdkContext, db: EdgeDeps['db']): Promise<PageResource | undefined> {
  const key = c.req.query('id')
  return key === undefined || key.includes('\0') ? undefined : findPageResource(db, { key })
}

/** Lets the page read the answer, when it is one of the resource's own. No cookie goes with it, and none is taken. */
function allowOrigin(c: SdkContext, resource: PageResource | undefined): boolean {
  c.header('Vary', 'Origin')
  if (resource === undefined || !isOwnOrigin(c, resource)) return false
  c.header('Access-Control-Allow-Origin', c.req.header('origin') ?? '')
  return true
}

/** Placeholders of the page's URL stand behind its origin. */
function isOwnOrigin(c: SdkContext, { urls }: PageResource): boolean {
  const origin = c.req.header('origin')
  return urls.some((url) => {
    const own = URL.parse(url)
    return own !== null && /^https?:$/.test(own.protocol) && own.origin === origin
  })
}
