import { z } from 'zod'
import { pageOfResources } from '../../db/resources.ts'
import { findVisible } from '../../db/visible.ts'
import { resourceSchema } from '../../domain/resource-settings.ts'
import { ApiError } from './api-error.ts'
import { idPosition, pageOf, pageQuery, readCursor, toPage } from './pages.ts'
import { patchOf } from './patch-of.ts'
import {
  changedResource,
  createdResource,
  resourceParams as params,
  resource,
  resourceFields,
} from './resource-shapes.ts'
import { type Call, route } from './route.ts'
import { withInstants } from './shapes.ts'

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
      const after = readCursor(cursor, 'resources', idPosition)?.[0] ?? '0'
      const rows = await pageOfResources(deps.db, { group, after, limit: limit + 1 })
      return toPage(rows.map(withInstants), limit, 'resources', (last) => [last.id])
    },
  }),
  route({
    method: 'POST',
    path: '/v1/resources',
    scope: 'admin',
    summary:
      'Create a resource; a key that is taken is that resource, unchanged. With a key that has an access group it belongs to it',
    body: resourceSchema,
    answer: createdResource,
    handle: async ({ deps, group, body }) => {
      refuseOtherGroup(group, body.accessGroup)
      const wanted = { ...body, accessGroup: body.accessGroup ?? group }
      const created = await deps.addressee.resources.create(wanted, { group })
      const isTheirs = created.created || (await findVisible(deps.db, 'resource', [body.key], group)).has(body.key)
      if (isTheirs) return created
      throw new ApiError('conflict', 'The key is taken: choose another.')
    },
  }),
  route({
    method: 'GET',
    path: '/v1/resources/:resource',
    scope: 'read',
    summary: 'One resource, by key or id',
    params,
    answer: resource,
    handle: async ({ deps, params, find }) =>
      withInstants(await deps.addressee.resources.get((await find('resource', params.resource)).key)),
  }),
  route({
    method: 'PATCH',
    path: '/v1/resources/:resource',
    scope: 'admin',
    summary: 'Change some settings: what is absent stays, null clears',
    params,
    body: patchOf(resourceFields),
    answer: changedResource,
    handle: async ({ deps, group, params, body, find }) => {
      const { key } = await find('resource', params.resource)
      if ('accessGroup' in body) refuseOtherGroup(group, body['accessGroup'] ?? null, 'moved')
      return withInstants(await deps.addressee.resources.update(key, body, { group }))
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/resources/:resource',
    scope: 'admin',
    summary: 'Take a resource and its categories out of use for good; 422 while a campaign needs it',
    params,
    answer: null,
    handle: async ({ deps, params, find }) =>
      deps.addressee.resources.delete((await find('resource', params.resource)).key),
  }),
]

/** What a key with an access group makes and changes stays in that group. @param wanted null when absent: its own. */
function refuseOtherGroup(group: Call<0, 0, 0>['group'], wanted: unknown, change: 'made' | 'moved' = 'made'): void {
  if (group === null || wanted === group || (wanted === null && change === 'made')) return
  throw new ApiError('missing_scope', 'The key has an access group: the resource belongs to it, and to no other.')
}
