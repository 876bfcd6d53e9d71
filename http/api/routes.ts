import { z } from 'zod'
import { campaignCommandRoutes } from './campaign-commands.ts'
import { campaignRoutes } from './campaigns.ts'
import { categoryRoutes } from './categories.ts'
import { contactRoutes } from './contacts.ts'
import { openApiDocument } from './openapi.ts'
import { optOutRoutes } from './opt-outs.ts'
import { resourceRoutes } from './resources.ts'
import { type Route, route } from './route.ts'
import { subscriptionRoutes } from './subscriptions.ts'
import { suppressionRoutes } from './suppressions.ts'

const documented: Route[] = [
  ...resourceRoutes,
  ...categoryRoutes,
  ...contactRoutes,
  ...subscriptionRoutes,
  ...optOutRoutes,
  ...suppressionRoutes,
  ...campaignRoutes,
  ...campaignCommandRoutes,
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
