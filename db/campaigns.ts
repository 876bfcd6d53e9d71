import { sql } from 'kysely'
import type { Funnel } from '../domain/audience-rule.ts'
import type { CampaignState, OnUncertain } from '../domain/campaign-state.ts'
import { Refusal } from '../domain/refusal.ts'
import type { Db } from './connect.ts'
import type { Id } from './schema.ts'
import { type AccessGroup, isVisible } from './visible.ts'

export interface CampaignRow {
  id: Id
  key: string
  title: string
  resourceKey: string
  channel: string
  categories: string[]
  state: CampaignState
  pausedAt: Date | null
  pausedBy: string | null
  pauseReason: string | null
  sendAt: Date
  onUncertain: OnUncertain
  retryDelaysSeconds: number[]
  audience: number | null
  candidates: number | null
  funnel: Funnel | null
  createdAt: Date
  frozenAt: Date | null
  finishedAt: Date | null
}

/** A campaign by its key or by its id; undefined when there is none. A key wins over an id that looks the same. */
export async function findCampaign(db: Db, keyOrId: string): Promise<CampaignRow | undefined> {
  const byKey = await select(db).where('c.key', '=', keyOrId).executeTakeFirst()
  if (byKey !== undefined || !/^\d{1,18}$/.test(keyOrId)) return byKey
  return select(db).where('c.id', '=', keyOrId).executeTakeFirst()
}

/** @throws {Refusal} when the row is gone: it was deleted by hand, and nothing can be done for it. */
export async function campaignById(db: Db, id: Id): Promise<CampaignRow> {
  const campaign = await select(db).where('c.id', '=', id).executeTakeFirst()
  return campaign ?? isGone(id)
}

function isGone(id: Id): never {
  throw new Refusal({
    field: 'campaign',
    rule: `campaign ${id} does not exist (any more)`,
    remedy: 'Terminate its workflow if one runs; schedule the campaign again under a new key if it is wanted.',
  })
}

/** The latest campaigns first. @param page.before an id: only those that are older. */
export async function listCampaigns(
  db: Db,
  page: { limit: number; before?: Id; group?: AccessGroup },
): Promise<CampaignRow[]> {
  return select(db)
    .where(isVisible(page.group ?? null, 'r'))
    .$if(page.before !== undefined, (query) => query.where('c.id', '<', page.before as Id))
    .orderBy('c.id', 'desc')
    .limit(page.limit)
    .execute()
}

const select = (db: Db) =>
  db
    .selectFrom('campaign as c')
    .innerJoin('resource as r', 'r.id', 'c.resource_id')
    .select([
      'c.id',
      'c.key',
      'c.title',
      'r.key as resourceKey',
      'c.channel',
      sql<string[]>`array(select k.key from message_category mc join category k on k.id = mc.category_id
        where mc.message_id = c.message_id order by k.key)`.as('categories'),
      'c.state',
      'c.paused_at as pausedAt',
      'c.paused_by as pausedBy',
      'c.pause_reason as pauseReason',
      'c.send_at as sendAt',
      'c.on_uncertain as onUncertain',
      'c.retry_delays_seconds as retryDelaysSeconds',
      'c.audience',
      'c.candidates',
      'c.funnel',
      'c.created_at as createdAt',
      'c.frozen_at as frozenAt',
      'c.finished_at as finishedAt',
    ])

/** The hour has come: `scheduled` becomes `resolving`, unless the campaign waits for a later hour or is over. */
export async function beginResolving(db: Db, id: Id): Promise<void> {
  await db
    .updateTable('campaign')
    .set({ state: 'resolving' })
    .where('id', '=', id)
    .where('state', '=', 'scheduled')
    .where('send_at', '<=', sql<Date>`now() + interval '1 second'`)
    .execute()
}

/** All ranges are done: `sending` becomes `finished`; a cancelled campaign gets its end time. */
export async function markFinished(db: Db, id: Id): Promise<void> {
  await db
    .updateTable('campaign')
    .set({ state: sql`case when state = 'cancelled' then state else 'finished' end`, finished_at: sql`now()` })
    .where('id', '=', id)
    .where('finished_at', 'is', null)
    .execute()
}

/** Whether anything of a campaign may be claimed. */
export async function isSending(db: Db, id: Id): Promise<boolean> {
  const row = await db
    .selectFrom('campaign')
    .select('id')
    .where('id', '=', id)
    .where('state', '=', 'sending')
    .where('paused_at', 'is', null)
    .executeTakeFirst()
  return row !== undefined
}

/** What the senders need of a campaign, once per range. */
export interface SendingCampaign {
  id: Id
  key: string
  onUncertain: OnUncertain
  retryDelaysSeconds: number[]
  defaultLanguage: string
  content: { language: string; subject: string; html: string | null; text: string }[]
  /** Every custom field of the resource with its default or null: to Liquid a `size` that is absent is a count. */
  subscriptionDefaults: Record<string, unknown>
  sender: {
    key: string
    name: string
    fromName: string
    fromAddress: string
    replyToName: string | null
    replyTo: string | null
    listLabel: string
    listId: string
    /** Whether mail carries a List-Unsubscribe header. */
    listUnsubscribe: boolean
    dkim: { domain: string; selector: string; privateKey: string } | null
  }
}

/** The sender of a resource `r`. */
export const senderJson = sql`
  jsonb_build_object('key', r.key, 'name', r.name, 'fromName', r.from_name, 'fromAddress', r.from_address,
    'replyToName', r.reply_to_name, 'replyTo', r.reply_to, 'listLabel', r.list_label, 'listId', r.list_id,
    'listUnsubscribe', r.list_unsubscribe and r.unsubscribe_mode <> 'prohibited',
    'dkim', case when r.dkim_domain is not null then jsonb_build_object('domain', r.dkim_domain,
      'selector', r.dkim_selector, 'privateKey', r.dkim_private_key) end)`

/** @throws {Refusal} when the row is gone. */
export async function sendingCampaign(db: Db, id: Id): Promise<SendingCampaign> {
  const { rows } = await sql<SendingCampaign>`
    select c.id, c.key, c.on_uncertain as "onUncertain", c.retry_delays_seconds as "retryDelaysSeconds",
      m.default_language as "defaultLanguage",
      (select jsonb_agg(to_jsonb(mc) - 'message_id') from message_content mc where mc.message_id = m.id) as content,
      (select coalesce(jsonb_object_agg(key, default_value), '{}') from custom_field
        where resource_id = r.id and channel = c.channel) as "subscriptionDefaults",
      ${senderJson} as sender
    from campaign c join message m on m.id = c.message_id join resource r on r.id = c.resource_id
    where c.id = ${id}`.execute(db)
  const [campaign] = rows
  return campaign ?? isGone(id)
}
