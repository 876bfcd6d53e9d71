import { type CompiledQuery, sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Db } from '../../db/connect.ts'
import { openUnsubscribes, startUnsubscribe } from '../../db/pending-unsubscribe.ts'
import {
  cancelByLink,
  confirmByLink,
  confirmUnsubscribe,
  settleOverdueUnsubscribes,
} from '../../db/settle-unsubscribe.ts'
import { canUndoUnsubscribe, undoUnsubscribe } from '../../db/undo-unsubscribe.ts'
import { captureSql, sequentialScans, sequentialScansPrepared, tidy } from '../setup/captured-sql.ts'
import { createDatabase } from '../setup/database.ts'
import { clicked, confirming, seedDelayed } from '../setup/delayed.ts'
import { claimsOf, type SentMessage } from '../setup/unsubscribe-seed.ts'

// The statements of delayed unsubscribes and of undoing, among many contacts, refusals, delays and events.

let db: Db
let sent: SentMessage
beforeAll(async () => {
  db = (await createDatabase()).db
  sent = await seedDelayed(db)
  await fill(sent)
})

async function fill({ categories, campaignId, resourceId }: SentMessage): Promise<void> {
  const category = categories[0]?.id
  const statements = [
    sql`insert into contact (first_name) select 'Ada' from generate_series(1, 50000)`,
    sql`insert into contact_address (contact_id, channel, value, address_key)
      select id, 'email', 'c' || id || '@example.com', decode(md5(id::text), 'hex') from contact`,
    sql`insert into subscription (category_id, contact_id, status, source)
      select ${category}, id, 'subscribed', 'test' from contact on conflict do nothing`,
    sql`insert into opt_out (contact_id, resource_id, source) select id, ${resourceId}, 'test' from contact`,
    sql`insert into address_refusal (address_key, channel, resource_id)
      select decode(md5(id::text), 'hex'), 'email', ${resourceId} from contact`,
    sql`insert into consent_event (contact_id, category_id, action, through, campaign_id)
      select id, ${category}, 'unsubscribed', 'page', ${campaignId} from contact where id > 40000`,
    sql`insert into pending_unsubscribe (contact_id, resource_id, category_id, campaign_id, due_at, state)
      select id, ${resourceId}, ${category}, ${campaignId}, now() + id * interval '1 second',
        case when id % 3 = 0 then 'pending' else 'confirmed' end
      from contact where id > ${sent.contactId}::bigint`,
    sql`analyze`,
  ]
  for (const statement of statements) await statement.execute(db)
}

const large = [
  'contact',
  'contact_address',
  'subscription',
  'opt_out',
  'address_refusal',
  'consent_event',
  'pending_unsubscribe',
]

/** Large tables read from end to end, whether the planner knows the parameters or not. */
async function largeScans(statement: CompiledQuery): Promise<string[]> {
  const scans = [...(await sequentialScans(db, statement)), ...(await sequentialScansPrepared(db, statement))]
  return scans.filter((relation) => large.includes(relation))
}

const link = () => claimsOf(sent)
const id = '4711'
const work: [string, (db: Db) => Promise<unknown>][] = [
  ['start-unsubscribe', (db) => startUnsubscribe(db, link(), clicked)],
  ['open-unsubscribes', (db) => openUnsubscribes(db, link())],
  ['confirm-unsubscribe', (db) => confirmUnsubscribe(db, id, confirming)],
  ['confirm-by-link', (db) => confirmByLink(db, link(), confirming)],
  ['cancel-by-link', (db) => cancelByLink(db, link(), 'page')],
  ['settle-overdue', (db) => settleOverdueUnsubscribes(db, 1000)],
  ['can-undo', (db) => canUndoUnsubscribe(db, link())],
  ['undo', (db) => undoUnsubscribe(db, link(), clicked)],
]

describe('its text, and a plan that reads no large table from end to end', () => {
  test.each(work)('%s', async (name, run) => {
    const capture = captureSql(db)
    await run(capture.db)
    // Undoing takes its turn before.
    const statement = capture.statements.find((each) => each.sql.trimStart().startsWith('with'))
    if (statement === undefined) throw new Error('nothing captured')
    await expect(tidy(statement.sql)).toMatchFileSnapshot(`../sql/${name}.sql`)
    expect(await largeScans(statement)).toEqual([])
  })
})
