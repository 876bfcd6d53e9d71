import { z } from 'zod'
import { requireContact } from '../../client/contact-ref.ts'
import { pageOfUnsubscribes, seesUnsubscribe } from '../../db/unsubscribe-page.ts'
import { ApiError } from './api-error.ts'
import { idPosition, pageOf, pageQuery, readCursor, toPage } from './pages.ts'
import { type Route, route } from './route.ts'
import { contactFields, id, instant, withInstants } from './shapes.ts'

const running = z
  .object({
    id,
    dueAt: instant,
    contactId: id.describe('Other contacts that have the address follow this one.'),
    resource: z.string(),
    category: z.string().nullable().describe('Null: everything of the resource.'),
  })
  .meta({ id: 'RunningUnsubscribe' })

const decided = z.object({
  id,
  state: z.enum(['confirmed', 'cancelled']),
  changed: z.boolean().describe('Whether this very request decided it.'),
})

const decision = (name: 'confirm' | 'cancel', summary: string): Route =>
  route({
    method: 'POST',
    path: `/v1/unsubscribes/:unsubscribe/${name}`,
    scope: 'subscriptions:write',
    summary,
    params: z.strictObject({ unsubscribe: z.string().regex(/^\d{1,18}$/, 'must be digits') }),
    body: z.strictObject({}),
    answer: decided,
    handle: async ({ deps: { db, addressee }, by, group, params: { unsubscribe } }) => {
      if (!(await seesUnsubscribe(db, unsubscribe, group)))
        throw new ApiError('not_found', `There is no delayed unsubscribe ${unsubscribe}.`)
      return addressee.unsubscribes[name](unsubscribe, { by, through: 'api' })
    },
  })

/** Delayed unsubscribes: who is about to leave what, and when. */
export const unsubscribeRoutes = [
  route({
    method: 'GET',
    path: '/v1/unsubscribes',
    scope: 'read',
    summary: 'Delayed unsubscribes that run, or those of one contact, by id',
    query: z.strictObject({ ...pageQuery, ...contactFields }),
    answer: pageOf(running),
    handle: async ({ deps: { db }, group, query: { limit, cursor, ...contact } }) => {
      const isOfOne = Object.values(contact).some((given) => given !== undefined)
      const contactId = isOfOne ? await requireContact(db, contact) : null
      const after = readCursor(cursor, 'unsubscribes', idPosition)?.[0] ?? '0'
      const rows = await pageOfUnsubscribes(db, { contactId, after, limit: limit + 1, group })
      return toPage(rows.map(withInstants), limit, 'unsubscribes', (last) => [last.id])
    },
  }),
  decision('confirm', 'Unsubscribe now instead of when the time is over; says what was decided before'),
  decision('cancel', 'End the timer and leave the subscription as it is; says what was decided before'),
]
