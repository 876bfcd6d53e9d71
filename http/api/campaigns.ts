import { z } from 'zod'
import { requireContact } from '../../client/contact-ref.ts'
import { campaignJson } from '../../domain/campaign-definition.ts'
import { fates } from '../../domain/fate.ts'
import { requireOwn } from './campaign-references.ts'
import {
  campaign,
  campaignWithCounts,
  explanation,
  campaignParams as params,
  preview,
  recipient,
  scheduled,
} from './campaign-shapes.ts'
import { idPosition, pageOf, pageQuery, readCursor, toPage } from './pages.ts'
import { route } from './route.ts'
import { contactFields } from './shapes.ts'

/** Scheduling campaigns, and everything that can be seen of them. */
export const campaignRoutes = [
  route({
    method: 'POST',
    path: '/v1/campaigns',
    scope: 'campaigns:write',
    summary: 'Schedule a campaign; a key that is taken is that campaign, unchanged',
    body: campaignJson,
    answer: scheduled,
    handle: async (call) => {
      await requireOwn(call, call.body)
      return call.deps.addressee.campaigns.schedule(call.body)
    },
  }),
  route({
    method: 'POST',
    path: '/v1/campaigns/preview',
    scope: 'read',
    summary: 'The funnel of a campaign as it would come out now; nothing is recorded',
    body: campaignJson,
    answer: preview,
    handle: async (call) => {
      await requireOwn(call, call.body)
      return call.deps.addressee.campaigns.preview(call.body)
    },
  }),
  route({
    method: 'GET',
    path: '/v1/campaigns',
    scope: 'read',
    summary: 'Campaigns that the key sees, the latest first',
    query: z.strictObject(pageQuery),
    answer: pageOf(campaign),
    handle: async ({ deps, group, query: { limit, cursor } }) => {
      const [before] = readCursor(cursor, 'campaigns', idPosition) ?? []
      const page = { limit: limit + 1, group, ...(before !== undefined && { before }) }
      return toPage(await deps.addressee.campaigns.list(page), limit, 'campaigns', (last) => [last.id])
    },
  }),
  route({
    method: 'GET',
    path: '/v1/campaigns/:campaign',
    scope: 'read',
    summary: 'One campaign with the fates of its recipients, by key or id',
    params,
    answer: campaignWithCounts,
    handle: async ({ deps, params, find }) =>
      deps.addressee.campaigns.get((await find('campaign', params.campaign)).key),
  }),
  route({
    method: 'GET',
    path: '/v1/campaigns/:campaign/preview',
    scope: 'read',
    summary: 'The funnel of a scheduled campaign as it would come out now',
    params,
    answer: preview,
    handle: async ({ deps, params, find }) =>
      deps.addressee.campaigns.preview((await find('campaign', params.campaign)).key),
  }),
  route({
    method: 'GET',
    path: '/v1/campaigns/:campaign/recipients',
    scope: 'read',
    summary: 'The ledger in its order, all of it or one fate',
    params,
    query: z.strictObject({ ...pageQuery, state: z.enum(fates).optional() }),
    answer: pageOf(recipient),
    handle: async ({ deps, params, find, query: { limit, cursor, state } }) => {
      const { key } = await find('campaign', params.campaign)
      const after = Number(readCursor(cursor, 'recipients', /^\d{1,9}$/)?.[0] ?? 0)
      const page = { after, limit: limit + 1, ...(state !== undefined && { state }) }
      const rows = await deps.addressee.campaigns.recipients(key, page)
      const items = rows.map((row) => ({ ...row, settledAt: row.settledAt?.toISOString() ?? null }))
      return toPage(items, limit, 'recipients', (last) => [String(last.seq)])
    },
  }),
  route({
    method: 'POST',
    path: '/v1/campaigns/:campaign/explain',
    scope: 'read',
    summary: 'Why a contact is in the audience, or is not: rule by rule as of now, and its row in the ledger',
    params,
    body: z.strictObject(contactFields),
    answer: explanation,
    handle: async ({ deps, params, find, body }) => {
      const { key } = await find('campaign', params.campaign)
      const found = await deps.addressee.campaigns.explainOne(key, await requireContact(deps.db, body))
      const { recipient } = found
      const settledAt = recipient?.settledAt?.toISOString() ?? null
      return { ...found, recipient: recipient && { ...recipient, settledAt } }
    },
  }),
]
