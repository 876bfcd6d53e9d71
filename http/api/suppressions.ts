import { z } from 'zod'
import { pageOf, pageQuery, readCursor, toPage } from './pages.ts'
import { route } from './route.ts'
import { contactFields, instant } from './shapes.ts'

const kind = z.enum(['bounced', 'complained', 'blacklisted', 'invalid'])

const suppression = z
  .object({
    id: z.string().describe('Channel and a key of the address, which itself is not kept.'),
    channel: z.string(),
    kind,
    reason: z.string().nullable(),
    createdAt: instant,
  })
  .meta({ id: 'Suppression' })

/** Addresses that must not be mailed. They belong to no resource. */
export const suppressionRoutes = [
  route({
    method: 'GET',
    path: '/v1/suppressions',
    scope: 'read',
    whole: true,
    summary: 'Suppressed addresses, or the suppression of one',
    query: z.strictObject({ ...pageQuery, email: contactFields.email }),
    answer: pageOf(suppression),
    handle: async ({ deps: { addressee }, query: { limit, cursor, email } }) => {
      if (email !== undefined) return { items: [await addressee.suppressions.find(email)].flatMap(given), next: null }
      const [after] = readCursor(cursor, 'suppressions', /^[a-z_]{1,30}-[0-9a-f]{32}$/) ?? []
      const rows = await addressee.suppressions.list({ ...(after !== undefined && { after }), limit: limit + 1 })
      return toPage(rows, limit, 'suppressions', (last) => [last.id])
    },
  }),
  route({
    method: 'POST',
    path: '/v1/suppressions',
    scope: 'subscriptions:write',
    whole: true,
    summary: 'Suppress an address; one that is suppressed stays so, as it was recorded',
    body: z.strictObject({
      email: z.string().min(1).max(320),
      kind: kind.optional().describe('blacklisted, when absent.'),
      reason: z.string().min(1).max(500).optional(),
    }),
    answer: suppression.extend({ created: z.boolean() }).meta({ id: 'CreatedSuppression' }),
    handle: ({ deps, body }) => deps.addressee.suppressions.create(body),
  }),
  route({
    method: 'DELETE',
    path: '/v1/suppressions/:suppression',
    scope: 'admin',
    whole: true,
    summary: 'Let an address be mailed again',
    params: z.strictObject({ suppression: z.string().max(100) }),
    answer: null,
    handle: ({ deps, params }) => deps.addressee.suppressions.remove(params.suppression),
  }),
]

const given = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value])
