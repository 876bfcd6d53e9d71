import { z } from 'zod'
import { findVisible } from '../../db/visible.ts'
import { idPosition, pageOf, pageQuery, readCursor, toPage } from './pages.ts'
import { byId } from './resources.ts'
import { route } from './route.ts'
import { id, name } from './shapes.ts'

const category = z
  .object({
    id,
    key: z.string(),
    resource: z.string(),
    title: z.string(),
    description: z.string().nullable(),
    consent: z.enum(['opt_in', 'opt_out']),
    channels: z.array(z.string()).nullable().describe('Null: every channel.'),
    subscribed: z.int().describe('How many contacts have said yes.'),
  })
  .meta({ id: 'Category' })

const newCategory = z.strictObject({
  resource: name,
  title: z.string().min(1).max(200),
  key: z.string().max(60).optional().describe('Immutable; made from the title when absent.'),
  description: z.string().max(2000).optional(),
  consent: z.enum(['opt_in', 'opt_out']).optional(),
  channels: z.array(z.string().min(1).max(30)).min(1).max(8).optional(),
})

const params = z.strictObject({ category: name })

/** What contacts subscribe to. */
export const categoryRoutes = [
  route({
    method: 'GET',
    path: '/v1/categories',
    scope: 'read',
    summary: 'Categories that the key sees, by id',
    query: z.strictObject({ ...pageQuery, resource: name.optional() }),
    answer: pageOf(category),
    handle: async ({ deps, group, find, query: { limit, cursor, resource } }) => {
      const after = BigInt(readCursor(cursor, 'categories', idPosition)?.[0] ?? 0)
      const of = resource === undefined ? null : (await find('resource', resource)).key
      const all = await deps.addressee.categories.list()
      const keys = all.map(({ key }) => key)
      const visible = await findVisible(deps.db, 'category', keys, group)
      const rows = all.filter(
        (each) => visible.has(each.key) && (of === null || each.resource === of) && BigInt(each.id) > after,
      )
      return toPage(rows.toSorted(byId), limit, 'categories', (last) => [last.id])
    },
  }),
  route({
    method: 'POST',
    path: '/v1/categories',
    scope: 'admin',
    summary: 'Create a category with its protected segment; a key that is taken is that category, unchanged',
    body: newCategory,
    answer: z.object({ id, key: z.string(), created: z.boolean() }),
    handle: async ({ deps, find, body: { resource, title, ...rest } }) => {
      const { key } = await find('resource', resource)
      const given = Object.entries(rest).filter(([, value]) => value !== undefined)
      return deps.addressee.categories.create({ resource: key, title, ...Object.fromEntries(given) })
    },
  }),
  route({
    method: 'GET',
    path: '/v1/categories/:category',
    scope: 'read',
    summary: 'One category, by key or id',
    params,
    answer: category,
    handle: async ({ deps, params, find }) => {
      const found = await find('category', params.category)
      return (await deps.addressee.categories.list()).find((each) => each.id === found.id)
    },
  }),
]
