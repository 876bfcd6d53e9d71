import type { Hono } from 'hono'
import { mount } from './api/mount.ts'
import { answerProblem } from './api/problem-answer.ts'
import type { RateLimiter } from './api/rate-limiter.ts'
import type { ApiDeps } from './api/route.ts'
import { apiRoutes } from './api/routes.ts'
import type { HttpEnv } from './edge.ts'
import { answerHubSpotError } from './hubspot/error.ts'
import { hubSpotRoutes } from './hubspot/routes.ts'

/** What systems reach with an API key. The APIs share its limit. */
export function mountApis(app: Hono<HttpEnv>, deps: ApiDeps, limiter: RateLimiter): void {
  const { log } = deps
  mount(app, '/v1', apiRoutes, {
    ...deps,
    limiter,
    knowsOnce: true,
    answerError: (c, error) => answerProblem(c, error, log),
  })
  mount(app, '/communication-preferences', hubSpotRoutes, {
    ...deps,
    limiter,
    knowsOnce: false,
    answerError: (c, error) => answerHubSpotError(c, error, log),
  })
}
