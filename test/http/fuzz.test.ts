import { expect, test } from 'vitest'
import { requestOptIn } from '../../db/request-opt-in.ts'
import { seededRandom } from '../../dev/sample/random.ts'
import { createTestApi, seedReachable } from '../setup/api.ts'
import { createDatabase } from '../setup/database.ts'
import { fingerprint } from '../setup/fingerprint.ts'
import { forgedRequest, forgedToken } from '../setup/forged-requests.ts'
import { asked, optInToken, seedOptIn } from '../setup/opt-in-seed.ts'
import { preferencesToken } from '../setup/preference-seed.ts'
import { placeholders, type RandomRequest, randomRequest } from '../setup/random-request.ts'
import { seedSent } from '../setup/unsubscribe-seed.ts'

// Random requests to every public route, without a key, with a bad one, and with one that may only read. The same seed
// gives the same requests; FUZZ_REQUESTS=100000 sends more of them.

const requests = Number(process.env['FUZZ_REQUESTS'] ?? 2000)
const seed = Number(process.env['FUZZ_SEED'] ?? 1)

const { db } = await createDatabase()
const { app, admin, newKey, lines } = await createTestApi(db)
const sent = await seedSent(db)
const contactId = await seedReachable(db, 'known@example.com')
await db.updateTable('contact').set({ external_id: 'known' }).where('id', '=', contactId).execute()
const { categoryId, contactId: askedId, channel } = await seedOptIn(db, { resourceId: sent.resourceId })
const request = await requestOptIn(db, { contactId: askedId, categoryId, channel, asked: true }, asked)
const requestId = request.kind === 'pending' ? request.requestId : ''
const origin = 'https://acme.example'
await db
  .updateTable('resource')
  .set({ site_urls: [`${origin}/`] })
  .where('id', '=', sent.resourceId)
  .execute()
const resource = await db
  .selectFrom('resource')
  .innerJoin('category', 'category.resource_id', 'resource.id')
  .select(['resource.key as resourceKey', 'resource.token as resourceToken', 'category.key as categoryKey'])
  .where('category.id', '=', sent.categories[0]?.id ?? '')
  .executeTakeFirstOrThrow()
const apiKey = await newKey({ name: 'page', scopes: ['subscriptions:write'] })
const target = { ...resource, requestId, origin, apiKey, campaignId: sent.campaignId, contactId: sent.contactId }
const good = { u: sent.token, p: preferencesToken(sent), o: optInToken(requestId, askedId) }
const readKey = await newKey({ name: 'reader', scopes: ['read'] })

// /readyz takes nothing, and says 503 whenever the database is slow.
const routes = app.routes.filter(({ method, path }) => method !== 'ALL' && path !== '/*' && path !== '/readyz')
const tokenRoutes = routes.filter(
  ({ method, path }) => method === 'POST' && /^\/([upo]\/:token|sdk\/unsub|api\/v1\.1\/.*)$/.test(path),
)
const forgeries = new Map<string, number>()
const random = seededRandom(seed)

const known = { email: 'known@example.com', contactId, externalId: 'known' }
// As long as the known ones: where a body stops being JSON is said back.
const unknown = { email: 'nobod@example.com', contactId: '9'.repeat(contactId.length), externalId: 'nobod' }
const strangers = [
  undefined,
  'Bearer',
  'Basic x',
  'Bearer adr_short',
  `Bearer adr_${'A'.repeat(43)}`,
  `Bearer ${readKey.slice(0, -1)}`,
]

function filled(request: RandomRequest, who: typeof known): RandomRequest {
  const fill = (text: string) =>
    Object.entries(placeholders).reduce((filled, [name, placeholder]) => {
      const value = who[name as keyof typeof who]
      return filled
        .replaceAll(encodeURIComponent(placeholder), encodeURIComponent(value))
        .replaceAll(placeholder, value)
    }, text)
  const { body, path } = request
  return { ...request, path: fill(path), ...(typeof body === 'string' && { body: fill(body) }) }
}

/** Status, kind and text, without what is new with each answer; what is asked for may be said back. */
async function answerTo(request: RandomRequest, authorization: string | undefined, who: typeof known) {
  const { path, method, headers, body } = filled(request, who)
  const response = await app.request(`http://localhost${path}`, {
    method,
    headers: { ...headers, ...(authorization !== undefined && { Authorization: authorization }) },
    ...(body !== undefined && { body }),
  })
  // JSON.parse says back what stands around the place where it stopped.
  const text = (await response.text())
    .replaceAll(/"correlationId":"[^"]*"/g, '')
    .replaceAll(/is not JSON: .*? is not valid JSON/gs, '')
  return { status: response.status, type: response.headers.get('content-type'), text, what: `${method} ${path}` }
}

/** Links of this installation may be opened; pressed are only such that are none. */
function withToken(request: RandomRequest): RandomRequest {
  const isLook = request.method === 'GET' || request.method === 'HEAD'
  const links = { u: 'unsubscribe', p: 'preferences', o: 'opt_in' } as const
  return {
    ...request,
    path: request.path.replace(/^\/([upo])\/[^?/]*/, (_, kind: keyof typeof links) => {
      const token = isLook && random.chance(0.3) ? good[kind] : forgedToken(random, links[kind], target)
      return `/${kind}/${encodeURIComponent(token.toWellFormed())}`
    }),
  }
}

async function one(): Promise<number> {
  const route = random.pick(random.chance(0.3) ? tokenRoutes : routes)
  const forged = random.chance(0.5) ? forgedRequest(random, route, target) : null
  const request = forged ?? withToken(randomRequest(random, route))
  if (forged !== null) forgeries.set(route.path, (forgeries.get(route.path) ?? 0) + 1)
  if (random.chance(0.4)) {
    const { status, what } = await answerTo(request, `Bearer ${readKey}`, random.pick([known, unknown]))
    expect(status, what).toBeLessThan(500)
    return status
  }
  const authorization = random.pick(strangers)
  const [toKnown, toUnknown] = [
    await answerTo(request, authorization, known),
    await answerTo(request, authorization, unknown),
  ]
  expect(toKnown.status, toKnown.what).toBeLessThan(500)
  expect({ ...toUnknown, what: '' }, toKnown.what).toEqual({ ...toKnown, what: '' })
  return toKnown.status
}

test(`${requests} random requests: no failure, no change, no word on who is known`, {
  timeout: 3_600_000,
}, async () => {
  const before = await fingerprint(db)
  const statuses = new Map<number, number>()
  for (let done = 0; done < requests; done += 16)
    for (const status of await Promise.all(Array.from({ length: 16 }, one)))
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
  expect(await fingerprint(db)).toEqual(before)
  expect(lines.filter(({ msg }) => msg === 'request failed')).toEqual([])
  expect([...forgeries.keys()].toSorted()).toEqual(tokenRoutes.map(({ path }) => path).toSorted())
  for (const [path, count] of forgeries) expect(count, path).toBeGreaterThan(20)
  // It would prove little if all of it ended at the same door.
  for (const status of [200, 400, 401, 403, 404, 422]) expect(statuses.get(status), `${status}`).toBeGreaterThan(5)
})

test(`${requests / 4} random requests with a key that may do everything: no failure`, {
  timeout: 3_600_000,
}, async () => {
  const writing = routes.filter(({ path }) => path.startsWith('/v1') || path.startsWith('/communication'))
  const write = async (): Promise<number> => {
    const request = randomRequest(random, random.pick(writing))
    const { status, what } = await answerTo(request, `Bearer ${admin}`, random.pick([known, unknown]))
    // Temporal is away: a command to a campaign is carried out, and says so.
    if (status !== 503 || !what.includes('/v1/campaigns/')) expect(status, what).toBeLessThan(500)
    return status
  }
  for (let done = 0; done < requests / 4; done += 16) await Promise.all(Array.from({ length: 16 }, write))
  expect(lines.filter(({ msg }) => msg === 'request failed')).toEqual([])
})
