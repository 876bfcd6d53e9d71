import { z } from 'zod'
import { campaign, campaignParams as params, stopped } from './campaign-shapes.ts'
import { type Call, type Route, route } from './route.ts'

const why = z.string().min(1).max(500).optional().describe('Kept with the campaign and shown.')
const body = z.strictObject({ reason: why })

type CommandCall = Call<{ campaign: string }, unknown, { reason?: string | undefined }>

/** Whom and with which words: the key's name stands with the campaign. */
async function commanded({ params, find, by, body }: CommandCall) {
  const { key } = await find('campaign', params.campaign)
  return { key, options: { by, ...(body.reason !== undefined && { reason: body.reason }) } }
}

const command = (
  name: string,
  summary: string,
  answer: z.ZodType,
  give: (call: CommandCall, key: string, options: { by: string; reason?: string }) => Promise<unknown>,
): Route =>
  route({
    method: 'POST',
    path: `/v1/campaigns/:campaign/${name}`,
    scope: 'campaigns:write',
    summary,
    params,
    body,
    answer,
    handle: async (call) => {
      const { key, options } = await commanded(call)
      return give(call, key, options)
    },
  })

/** Steering campaigns. Each of them can be given twice. */
export const campaignCommandRoutes = [
  command('pause', 'Stop sending, or hold a campaign that waits', stopped, ({ deps }, key, options) =>
    deps.addressee.campaigns.pause(key, options),
  ),
  command('resume', 'Go on from where it was', campaign, ({ deps }, key, options) =>
    deps.addressee.campaigns.resume(key, options),
  ),
  command('send-now', 'Do not wait for the hour', campaign, ({ deps }, key, options) =>
    deps.addressee.campaigns.sendNow(key, options),
  ),
  command('cancel', 'End it for good: who has not been sent to is skipped', stopped, ({ deps }, key, options) =>
    deps.addressee.campaigns.cancel(key, options),
  ),
  route({
    method: 'POST',
    path: '/v1/campaigns/:campaign/reschedule',
    scope: 'campaigns:write',
    summary: 'Another hour',
    params,
    body: body.extend({ sendAt: z.iso.datetime({ offset: true, error: 'must be an ISO 8601 time with an offset' }) }),
    answer: campaign,
    handle: async (call) => {
      const { key, options } = await commanded(call)
      return call.deps.addressee.campaigns.reschedule(key, call.body.sendAt, options)
    },
  }),
]
