import { z } from 'zod'
import { idPosition, pageOf, pageQuery, readCursor, toPage } from './pages.ts'
import { route } from './route.ts'
import {
  delivery,
  deliveryStates,
  enabledWebhook,
  webhookParams as params,
  rotatedWebhook,
  webhook,
} from './webhook-shapes.ts'
import { idOf } from './webhooks.ts'

const body = z.strictObject({})

/** What is done with a webhook, and what became of its events. */
export const webhookCommandRoutes = [
  route({
    method: 'POST',
    path: '/v1/webhooks/:webhook/disable',
    scope: 'admin',
    whole: true,
    summary: 'Post nothing more; what waits is kept',
    params,
    body: z.strictObject({ reason: z.string().min(1).max(200).optional() }),
    answer: webhook,
    handle: async ({ deps, by, params, body: { reason } }) =>
      deps.addressee.webhooks.disable(await idOf(deps, params), { reason: reason ?? `disabled by ${by}` }),
  }),
  route({
    method: 'POST',
    path: '/v1/webhooks/:webhook/enable',
    scope: 'admin',
    whole: true,
    summary: 'Go on with what waits',
    params,
    body,
    answer: enabledWebhook,
    handle: async ({ deps, params }) => deps.addressee.webhooks.enable(await idOf(deps, params)),
  }),
  route({
    method: 'POST',
    path: '/v1/webhooks/:webhook/rotate-secret',
    scope: 'admin',
    whole: true,
    summary: 'Give it a new secret; for a day messages are signed with the old one as well',
    params,
    body,
    answer: rotatedWebhook,
    handle: async ({ deps, params }) => deps.addressee.webhooks.rotateSecret(await idOf(deps, params)),
  }),
  route({
    method: 'GET',
    path: '/v1/webhooks/:webhook/deliveries',
    scope: 'admin',
    whole: true,
    summary: 'What became of its events, the latest first',
    params,
    query: z.strictObject({ ...pageQuery, state: deliveryStates.optional() }),
    answer: pageOf(delivery),
    handle: async ({ deps, params, query: { limit, cursor, state } }) => {
      const [before] = readCursor(cursor, 'deliveries', idPosition) ?? []
      const which = { ...(before !== undefined && { before }), ...(state !== undefined && { state }) }
      const page = { ...which, limit: limit + 1 }
      const rows = await deps.addressee.webhooks.deliveries(await idOf(deps, params), page)
      return toPage(rows, limit, 'deliveries', (last) => [last.eventId])
    },
  }),
  route({
    method: 'POST',
    path: '/v1/webhooks/:webhook/replay',
    scope: 'admin',
    whole: true,
    summary: 'Deliver once more: every event since an instant, or one',
    params,
    body: z.union([
      z.strictObject({ since: z.iso.datetime({ offset: true }) }),
      z.strictObject({ event: z.string().regex(/^(evt_)?\d{1,18}$/) }),
    ]),
    answer: z.object({ replayed: z.int() }),
    handle: async ({ deps, params, body }) => deps.addressee.webhooks.replay(await idOf(deps, params), body),
  }),
]
