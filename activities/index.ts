import { audienceActivities } from './audience.ts'
import { campaignActivities } from './campaigns.ts'
import { dispatchActivities } from './dispatch.ts'
import type { DispatchDeps } from './dispatch-deps.ts'
import { optInActivities } from './opt-ins.ts'

/** Everything that workflows can have done to the world. */
export const createActivities = (deps: DispatchDeps) => ({
  ...campaignActivities(deps),
  ...audienceActivities(deps),
  ...dispatchActivities(deps),
  ...optInActivities(deps),
})

/** What workflows call through their proxies. */
export type Activities = ReturnType<typeof createActivities>
