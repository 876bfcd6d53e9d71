import { z } from 'zod'
import { ApiError } from './api-error.ts'
import { pageOf, pageQuery, readCursor, toPage } from './pages.ts'
import { route } from './route.ts'
import { contactFields, groundFields, id, instant, name } from './shapes.ts'

const optOut = z
  .object({
    contactId: id,
    resource: z.string().nullable().describe('Null: from everything.'),
    channel: z.string().nullable().describe('Null: on every channel.'),
    source: z.string(),
    createdAt: instant,
  })
  .meta({ id: 'OptOut' })

/** Contact, resource (0: everything), channel. */
const position = /^\d{1,18} \d{1,18} [a-z_]{0,30}$/

/** "No more of anything". */
export const optOutRoutes = [
  route({
    method: 'GET',
    path: '/v1/opt-outs',
    scope: 'read',
    summary: 'Opt-outs by contact, or of one contact',
    query: z.strictObject({ ...pageQuery, ...contactFields }),
    answer: pageOf(optOut),
    handle: async ({ deps, group, query: { limit, cursor, ...contact } }) => {
      const of = Object.values(contact).some((given) => given !== undefined) ? { contact } : {}
      const after = positionOf(readCursor(cursor, 'opt-outs', position))
      const rows = await deps.addressee.optOuts.list({ ...of, after, limit: limit + 1, group })
      return toPage(rows, limit, 'opt-outs', ({ contactId, resourceId, channel }) => [
        contactId,
        resourceId ?? '0',
        channel ?? '',
      ])
    },
  }),
  route({
    method: 'POST',
    path: '/v1/opt-outs',
    scope: 'subscriptions:write',
    summary: 'Opt a contact out of a resource, or of everything',
    body: z.strictObject({
      ...contactFields,
      resource: name.optional().describe('Absent: from everything, which takes a key without an access group.'),
      channel: z.literal('email').optional().describe('Absent: on every channel.'),
      ...groundFields,
    }),
    answer: z.object({ changed: z.boolean().describe('False: all of it was refused before.') }),
    handle: async ({ deps, by, group, find, body: { resource, channel, legalBasis, explanation, ...contact } }) => {
      if (resource === undefined && group !== null)
        throw new ApiError('missing_scope', 'The key has an access group: name one of its resources.')
      const scope = { channel, resource: resource === undefined ? undefined : (await find('resource', resource)).key }
      const changed = await deps.addressee.optOuts.create(contact, scope, { legalBasis, explanation, by })
      return { changed }
    },
  }),
]

function positionOf(parts: string[] | null) {
  const [contactId, resourceId, channel] = parts ?? []
  if (contactId === undefined || resourceId === undefined) return null
  return { contactId, resourceId: resourceId === '0' ? null : resourceId, channel: channel || null }
}
