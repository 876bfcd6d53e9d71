import { audienceActivities } from './audience.ts'
import { campaignActivities } from './campaigns.ts'
import { dispatchActivities } from './dispatch.ts'
import type { DispatchDeps } from './dispatch-deps.ts'
import { type WebhookDeps, webhookActivities } from './webhooks.ts'

export type ActivityDeps = DispatchDeps & WebhookDeps

import { optInActivities } from './opt-ins.ts'
import { unsubscribeActivities } from './unsubscribes.ts'

/** Everything that workflows can have done to the world. */
export const createActivities = (deps: ActivityDeps) => ({
  ...campaignActivities(deps),
  ...audienceActivities(deps),
  ...dispatchActivities(deps),
  ...webhookActivities(deps),
  ...unsubscribeActivities(deps),
  ...optInActivities(deps),
})

/** What workflows call through their proxies. */
export type Activities = ReturnType<typeof createActivities>
