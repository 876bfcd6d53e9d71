import { z } from 'zod'
import { channelName } from '../../domain/resource-channels.ts'
import { pageOf, pageQuery } from './pages.ts'
import { changedResource, copyName, resourceParams as params, subscriber } from './resource-shapes.ts'
import { route } from './route.ts'
import { withInstants } from './shapes.ts'

/** What is done with a resource, and who subscribes to it. */
export const resourceCommandRoutes = [
  route({
    method: 'POST',
    path: '/v1/resources/:resource/clone',
    scope: 'admin',
    summary:
      'The same settings, custom fields and active categories under another key, without subscribers and DKIM key',
    params,
    body: copyName,
    answer: changedResource,
    handle: async ({ deps, group, params, body: { key, name }, find }) => {
      const from = await find('resource', params.resource)
      const as = { key, ...(name !== undefined && { name }) }
      return withInstants(await deps.addressee.resources.clone(from.key, as, { group }))
    },
  }),
  route({
    method: 'POST',
    path: '/v1/resources/:resource/token/rotate',
    scope: 'admin',
    summary: 'Make a new token; the old one is worth nothing from then on',
    params,
    body: z.strictObject({}),
    answer: z.object({ token: z.string().describe("What the resource's own pages know it by. Confidential.") }),
    handle: async ({ deps, params, find }) => {
      const { key } = await find('resource', params.resource)
      return { token: await deps.addressee.resources.rotateToken(key) }
    },
  }),
  route({
    method: 'GET',
    path: '/v1/resources/:resource/subscribers',
    scope: 'read',
    summary: 'Everybody who said something about one of its categories, contact by contact',
    params,
    query: z.strictObject({ ...pageQuery, channel: channelName.default('email') }),
    answer: pageOf(subscriber),
    handle: async ({ deps, params, query: { limit, cursor, channel }, find }) => {
      const { key } = await find('resource', params.resource)
      const page = { limit, channel, ...(cursor !== undefined && { cursor }) }
      const { subscribers, next } = await deps.addressee.resources.subscribers(key, page)
      return { items: subscribers.map(withInstants), next }
    },
  }),
]
