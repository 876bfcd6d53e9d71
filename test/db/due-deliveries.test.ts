import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { dueDeliveries, recordAttempt, takeOver } from '../../db/deliveries.ts'
import { createWebhook } from '../../db/webhooks.ts'
import { captureSql, sequentialScans, sequentialScansPrepared, tidy } from '../setup/captured-sql.ts'
import { createDatabase } from '../setup/database.ts'

const { db } = await createDatabase()
const settings = { url: 'https://shop.example/', description: null, kinds: null, resourceId: null, accessGroup: null }
let deliverer: { webhookId: string; token: string }
let first: string[]

/** 50,000 that were delivered, and as many that wait, two and two of one contact. */
beforeAll(async () => {
  deliverer = { webhookId: await createWebhook(db, settings, 'whsec_AAAA'), token: randomUUID() }
  await sql`insert into event (kind, contact_id, payload)
    select 'subscription.changed', id / 2, '{}' from generate_series(0, 99999) id`.execute(db)
  await sql`update webhook_delivery set state = 'delivered'
    where event_id in (select id from event where contact_id < 25000)`.execute(db)
  await sql`analyze`.execute(db)
  const { rows } = await sql<{ id: string }>`select min(id)::text as id from event
    where contact_id >= 25000 group by contact_id order by 1`.execute(db)
  first = rows.map(({ id }) => id)
  await takeOver(db, deliverer)
})

const due = async (underWay: string[] = [], who = deliverer) =>
  (await dueDeliveries(db, who, underWay, 3)).map(({ eventId }) => eventId)

test('of each contact the earliest event, and none of those under way, nor what follows them', async () => {
  expect(await due()).toEqual(first.slice(0, 3))
  expect(await due(first.slice(0, 2))).toEqual(first.slice(2, 5))
})

test('nobody but the latest deliverer finds anything', async () => {
  const before = { ...deliverer, token: randomUUID() }
  expect(await due([], before)).toEqual([])
  const next = { ...deliverer, token: randomUUID() }
  await takeOver(db, next)
  expect(await due()).toEqual([])
  deliverer = next
  expect(await due()).toHaveLength(3)
})

test('what was delivered in the meantime stays delivered, whatever a late attempt says', async () => {
  const [eventId = ''] = await due()
  const delivery = { eventId, attempts: 0 }
  await recordAttempt(db, deliverer.webhookId, delivery, { state: 'delivered', status: 200 })
  const late = { state: 'failed', status: 500, error: 'answers 500', gone: false } as const
  await recordAttempt(db, deliverer.webhookId, delivery, late)
  const row = await db
    .selectFrom('webhook_delivery')
    .selectAll()
    .where('event_id', '=', eventId)
    .executeTakeFirstOrThrow()
  expect(row).toMatchObject({ state: 'delivered', attempts: 1, last_status: 200, last_error: null })
})

test('its text, and a plan that reads no table from end to end', async () => {
  const capture = captureSql(db)
  await dueDeliveries(capture.db, deliverer, ['1'], 16)
  const [statement] = capture.statements
  if (statement === undefined) throw new Error('nothing captured')
  await expect(tidy(statement.sql)).toMatchFileSnapshot('../sql/due-deliveries.sql')
  const scans = [...(await sequentialScans(db, statement)), ...(await sequentialScansPrepared(db, statement))]
  expect(scans.filter((relation) => relation !== 'webhook')).toEqual([])
})
