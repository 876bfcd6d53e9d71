import { z } from 'zod'
import type { Categories } from '../../client/categories.ts'
import { category, categoryParams as params } from './category-shapes.ts'
import { type Route, route } from './route.ts'
import { contactFields, withInstants } from './shapes.ts'

const excluded = z.object({ excluded: z.int().describe('How many contacts were in it.') })

const switched = (name: 'archive' | 'unarchive', summary: string): Route =>
  route({
    method: 'POST',
    path: `/v1/categories/:category/${name}`,
    scope: 'admin',
    summary,
    params,
    body: z.strictObject({}),
    answer: category,
    handle: async ({ deps, params, find }) => {
      const { key } = await find('category', params.category)
      const categories: Categories = deps.addressee.categories
      await categories[name](key)
      return withInstants(await categories.get(key))
    },
  })

/** What is done with a category. Each of them can be given twice. */
export const categoryCommandRoutes = [
  switched('archive', 'Out of use until it is unarchived: nobody can subscribe, and no new campaign finds it'),
  switched('unarchive', 'In use again; 422 when as many categories are active as may be'),
  route({
    method: 'POST',
    path: '/v1/categories/:category/empty',
    scope: 'admin',
    summary: 'Take every contact out; who has refused has still. 422 for an opt_out category',
    params,
    body: z.strictObject({}),
    answer: excluded,
    handle: async ({ deps, by, params, find }) =>
      deps.addressee.categories.empty((await find('category', params.category)).key, { by, through: 'api' }),
  }),
  route({
    method: 'POST',
    path: '/v1/categories/:category/exclude',
    scope: 'subscriptions:write',
    summary: 'Take one contact out',
    params,
    body: z.strictObject(contactFields),
    answer: excluded,
    handle: async ({ deps, by, params, body, find }) =>
      deps.addressee.categories.exclude((await find('category', params.category)).key, body, { by, through: 'api' }),
  }),
]
