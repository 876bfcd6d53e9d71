import { z } from 'zod'
import { campaignCommandRoutes } from './campaign-commands.ts'
import { campaignRoutes } from './campaigns.ts'
import { categoryRoutes } from './categories.ts'
import { categoryCommandRoutes } from './category-commands.ts'
import { contactRoutes } from './contacts.ts'
import { fieldRoutes } from './fields.ts'
import { openApiDocument } from './openapi.ts'
import { optOutRoutes } from './opt-outs.ts'
import { resourceCommandRoutes } from './resource-commands.ts'
import { resourceRoutes } from './resources.ts'
import { type Route, route } from './route.ts'
import { subscriptionRoutes } from './subscriptions.ts'
import { suppressionRoutes } from './suppressions.ts'
import { unsubscribeRoutes } from './unsubscribes.ts'
import { webhookCommandRoutes } from './webhook-commands.ts'
import { webhookRoutes } from './webhooks.ts'

const documented: Route[] = [
  ...resourceRoutes,
  ...resourceCommandRoutes,
  ...categoryRoutes,
  ...categoryCommandRoutes,
  ...fieldRoutes,
  ...contactRoutes,
  ...subscriptionRoutes,
  ...unsubscribeRoutes,
  ...optOutRoutes,
  ...suppressionRoutes,
  ...campaignRoutes,
  ...campaignCommandRoutes,
  ...webhookRoutes,
  ...webhookCommandRoutes,
]

/** The table of `/v1`: the routes, the scopes and the OpenAPI document come from it. */
export const apiRoutes: Route[] = [
  ...documented,
  route({
    method: 'GET',
    path: '/v1/openapi.json',
    scope: 'public',
    summary: 'This document',
    answer: z.record(z.string(), z.unknown()),
    handle: async () => openApiDocument(apiRoutes),
  }),
]
