import { z } from 'zod'
import { ApiError } from './api-error.ts'
import { route } from './route.ts'
import { contactFields, groundFields, id, instant, name } from './shapes.ts'

const subscription = z
  .object({
    contactId: id,
    category: z.string(),
    categoryId: id,
    resource: z.string(),
    status: z.enum(['subscribed', 'unsubscribed', 'pending', 'not_subscribed']),
    source: z
      .enum(['everything', 'resource', 'category'])
      .describe('What decided it: an opt-out from everything or from the resource, or what was said of the category.'),
    legalBasis: z.string().nullable(),
    explanation: z.string().nullable(),
    changedAt: instant.nullable().describe('Null: nothing was ever said.'),
  })
  .meta({ id: 'Subscription' })

const one = z.strictObject({ ...contactFields, category: name, ...groundFields })

/** What contacts agree to and refuse. Who is meant stands in the body or the query: a path would land in logs. */
export const subscriptionRoutes = [
  route({
    method: 'GET',
    path: '/v1/subscriptions',
    scope: 'read',
    summary: "A contact's consent to every category that the key sees",
    query: z.strictObject(contactFields),
    answer: z.object({ items: z.array(subscription) }),
    handle: async ({ deps, group, query }) => ({ items: await deps.addressee.subscriptions.list(query, { group }) }),
  }),
  route({
    method: 'PUT',
    path: '/v1/subscriptions',
    scope: 'subscriptions:write',
    summary: 'Subscribe a contact; 409 for one who has refused, and nothing is changed',
    body: one,
    answer: subscription,
    handle: async ({ deps, by, find, body: { category, legalBasis, explanation, ...contact } }) => {
      const { key } = await find('category', category)
      const { subscriptions } = deps.addressee
      const outcome = await subscriptions.subscribe(contact, key, { legalBasis, explanation, by })
      if (outcome === 'refused')
        throw new ApiError('conflict', 'The contact has refused; only they themselves can take that back.')
      return subscriptions.get(contact, key)
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/subscriptions',
    scope: 'subscriptions:write',
    summary: 'Unsubscribe a contact, and every other that has one of its addresses',
    query: one,
    answer: subscription,
    handle: async ({ deps, by, find, query: { category, legalBasis, explanation, ...contact } }) => {
      const { key } = await find('category', category)
      const { subscriptions } = deps.addressee
      await subscriptions.unsubscribe(contact, key, { legalBasis, explanation, by })
      return subscriptions.get(contact, key)
    },
  }),
]
