import { z } from 'zod'
import type { NewWebhook } from '../../client/webhooks.ts'
import { findWebhook } from '../../db/webhooks.ts'
import { ApiError } from './api-error.ts'
import { type ApiDeps, type Call, route } from './route.ts'
import { createdWebhook, newWebhook, webhookParams as params, webhook } from './webhook-shapes.ts'

/** Where other systems are told what has happened. */
export const webhookRoutes = [
  route({
    method: 'GET',
    path: '/v1/webhooks',
    scope: 'admin',
    whole: true,
    summary: 'All webhooks, by id',
    answer: z.object({ items: z.array(webhook) }),
    handle: async ({ deps }) => ({ items: await deps.addressee.webhooks.list() }),
  }),
  route({
    method: 'POST',
    path: '/v1/webhooks',
    scope: 'admin',
    whole: true,
    summary: 'Create a webhook; it gets what happens from now on',
    body: newWebhook,
    answer: createdWebhook,
    handle: async ({ deps, find, body: { url, ...rest } }) =>
      deps.addressee.webhooks.create({ url, ...(await settingsOf(find, rest)) }),
  }),
  route({
    method: 'GET',
    path: '/v1/webhooks/:webhook',
    scope: 'admin',
    whole: true,
    summary: 'One webhook',
    params,
    answer: webhook,
    handle: async ({ deps, params }) => deps.addressee.webhooks.get(await idOf(deps, params)),
  }),
  route({
    method: 'PATCH',
    path: '/v1/webhooks/:webhook',
    scope: 'admin',
    whole: true,
    summary: 'Change some settings: what is absent stays. What waits already goes to a new URL too',
    params,
    body: newWebhook.partial(),
    answer: webhook,
    handle: async ({ deps, params, find, body }) =>
      deps.addressee.webhooks.update(await idOf(deps, params), await settingsOf(find, body)),
  }),
  route({
    method: 'DELETE',
    path: '/v1/webhooks/:webhook',
    scope: 'admin',
    whole: true,
    summary: 'Remove a webhook with what waits for it, and with the list of what it got',
    params,
    answer: null,
    handle: async ({ deps, params }) => deps.addressee.webhooks.delete(await idOf(deps, params)),
  }),
]

/** @throws ApiError 404 when there is none (any more). */
export async function idOf({ db }: ApiDeps, { webhook }: { webhook: string }): Promise<string> {
  if ((await findWebhook(db, webhook)) !== undefined) return webhook
  throw new ApiError('not_found', `There is no webhook ${webhook}.`)
}

type Settings = z.output<typeof newWebhook>
type Given = { [Name in keyof Settings]?: Settings[Name] | undefined }

/** What was given. Its resource may be named by id. */
async function settingsOf(find: Call<0, 0, 0>['find'], { resource, ...given }: Given): Promise<Partial<NewWebhook>> {
  const rest = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  if (resource === undefined) return rest
  return { ...rest, resource: resource === null ? null : (await find('resource', resource)).key }
}
