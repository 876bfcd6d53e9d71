import { z } from 'zod'
import { findVisible } from '../../db/visible.ts'
import { idPosition, pageOf, pageQuery, readCursor, toPage } from './pages.ts'
import { route } from './route.ts'
import { id, name } from './shapes.ts'

const resource = z
  .object({
    id,
    key: z.string(),
    name: z.string(),
    fromName: z.string(),
    fromAddress: z.string(),
    replyTo: z.string().nullable(),
    listLabel: z.string(),
    listId: z.string(),
    dkimDomain: z.string().nullable(),
    dkimSelector: z.string().nullable(),
  })
  .meta({ id: 'Resource' })

const newResource = z.strictObject({
  key: z.string().max(100),
  name: z.string().max(200),
  fromName: z.string().max(200),
  fromAddress: z.string().max(320),
  replyTo: z.string().max(320).optional(),
  listLabel: z.string().max(200).describe('What List-ID shows to people.'),
  listId: z.string().max(255).describe('What List-ID identifies the list by (RFC 2919).'),
  dkim: z
    .strictObject({ domain: z.string(), selector: z.string(), privateKey: z.string().describe('PEM; never shown.') })
    .optional(),
})

const params = z.strictObject({ resource: name })

/** On whose behalf messages go out. */
export const resourceRoutes = [
  route({
    method: 'GET',
    path: '/v1/resources',
    scope: 'read',
    summary: 'Resources that the key sees, by id',
    query: z.strictObject(pageQuery),
    answer: pageOf(resource),
    handle: async ({ deps, group, query: { limit, cursor } }) => {
      const after = BigInt(readCursor(cursor, 'resources', idPosition)?.[0] ?? 0)
      const all = await deps.addressee.resources.list()
      const visible = await findVisible(
        deps.db,
        'resource',
        all.map(({ key }) => key),
        group,
      )
      const rows = all.filter((each) => visible.has(each.key) && BigInt(each.id) > after).toSorted(byId)
      return toPage(rows, limit, 'resources', (last) => [last.id])
    },
  }),
  route({
    method: 'POST',
    path: '/v1/resources',
    scope: 'admin',
    whole: true,
    summary: 'Create a resource; a key that is taken is that resource, unchanged',
    body: newResource,
    answer: z.object({ id, key: z.string(), created: z.boolean(), warnings: z.array(z.string()) }),
    handle: ({ deps, body: { dkim, replyTo, ...rest } }) =>
      deps.addressee.resources.create({ ...rest, ...(dkim && { dkim }), ...(replyTo !== undefined && { replyTo }) }),
  }),
  route({
    method: 'GET',
    path: '/v1/resources/:resource',
    scope: 'read',
    summary: 'One resource, by key or id',
    params,
    answer: resource,
    handle: async ({ deps, params, find }) => {
      const found = await find('resource', params.resource)
      return (await deps.addressee.resources.list()).find((each) => each.id === found.id)
    },
  }),
]

/** Ids are digits: by their length first. */
export const byId = (a: { id: string }, b: { id: string }): number =>
  a.id.length - b.id.length || (a.id < b.id ? -1 : Number(a.id > b.id))
