import { z } from 'zod'
import { pageOfCategories } from '../../db/categories.ts'
import { categorySchema } from '../../domain/category-settings.ts'
import { category, categoryFields, categoryParams as params } from './category-shapes.ts'
import { idPosition, pageOf, pageQuery, readCursor, toPage } from './pages.ts'
import { patchOf } from './patch-of.ts'
import { route } from './route.ts'
import { id, name, withInstants } from './shapes.ts'

const query = z.strictObject({
  ...pageQuery,
  resource: name.optional(),
  archived: z.enum(['true', 'false']).default('false').describe('Whether archived ones are listed too.'),
})

/** What contacts subscribe to. */
export const categoryRoutes = [
  route({
    method: 'GET',
    path: '/v1/categories',
    scope: 'read',
    summary: 'Categories that the key sees, by id',
    query,
    answer: pageOf(category),
    handle: async ({ deps, group, find, query: { limit, cursor, resource, archived } }) => {
      const after = readCursor(cursor, 'categories', idPosition)?.[0] ?? '0'
      const resourceId = resource === undefined ? null : (await find('resource', resource)).id
      const which = { group, resourceId, archived: archived === 'true' }
      const rows = await pageOfCategories(deps.db, { ...which, after, limit: limit + 1 })
      return toPage(rows.map(withInstants), limit, 'categories', (last) => [last.id])
    },
  }),
  route({
    method: 'POST',
    path: '/v1/categories',
    scope: 'admin',
    summary: 'Create a category with its protected segment; a key that is taken is that category, unchanged',
    body: categorySchema.extend({ resource: name }),
    answer: z.object({ id, key: z.string(), created: z.boolean() }),
    handle: async ({ deps, find, body: { resource, key, ...rest } }) => {
      const owner = await find('resource', resource)
      return deps.addressee.categories.create({ ...rest, resource: owner.key, ...(key !== undefined && { key }) })
    },
  }),
  route({
    method: 'GET',
    path: '/v1/categories/:category',
    scope: 'read',
    summary: 'One category, by key or id',
    params,
    answer: category,
    handle: async ({ deps, params, find }) =>
      withInstants(await deps.addressee.categories.get((await find('category', params.category)).key)),
  }),
  route({
    method: 'PATCH',
    path: '/v1/categories/:category',
    scope: 'admin',
    summary: 'Change some settings: what is absent stays, null clears',
    params,
    body: patchOf(categoryFields),
    answer: category,
    handle: async ({ deps, params, body, find }) =>
      withInstants(await deps.addressee.categories.update((await find('category', params.category)).key, body)),
  }),
  route({
    method: 'DELETE',
    path: '/v1/categories/:category',
    scope: 'admin',
    summary: 'Take a category and its segment out of use for good; 422 while a campaign names it',
    params,
    answer: null,
    handle: async ({ deps, params, find }) =>
      deps.addressee.categories.delete((await find('category', params.category)).key),
  }),
]
