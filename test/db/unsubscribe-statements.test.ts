import { type CompiledQuery, sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { connect, type Db } from '../../db/connect.ts'
import { describeUnsubscribe } from '../../db/describe-unsubscribe.ts'
import { unsubscribe } from '../../db/unsubscribe.ts'
import { atEnd } from '../setup/at-end.ts'
import { captureSql, sequentialScans, sequentialScansPrepared, tidy } from '../setup/captured-sql.ts'
import { createDatabase } from '../setup/database.ts'
import { act, claimsOf, type SentMessage, seedSent } from '../setup/unsubscribe-seed.ts'

// The two statements behind an unsubscribe link: their text, their plans among many contacts and refusals, and that
// PostgreSQL keeps a plan instead of making a new one for each request, also among many campaigns.

/** One connection, so that everything meets the same prepared statements. */
let db: Db
let sent: SentMessage
let description: CompiledQuery
let refusal: CompiledQuery

beforeAll(async () => {
  const { url } = await createDatabase()
  const connection = connect(url, { connections: 1 })
  atEnd(connection.close)
  db = connection.db
  sent = await seedSent(db)
  await fill(sent)
  const { db: captured, statements } = captureSql(db)
  await describeUnsubscribe(captured, claimsOf(sent))
  await unsubscribe(captured, claimsOf(sent), act)
  description = find(statements, 'as refused')
  refusal = find(statements, 'insert into address_refusal')
})

function find(statements: CompiledQuery[], part: string): CompiledQuery {
  const found = statements.find((each) => each.sql.includes(part))
  if (found === undefined) throw new Error(`no statement with "${part}" was captured`)
  return found
}

async function fill({ categories, campaignId, resourceId }: SentMessage): Promise<void> {
  const category = categories[0]?.id
  const statements = [
    sql`insert into contact (first_name) select 'Ada' from generate_series(1, 100000)`,
    sql`insert into contact_address (contact_id, channel, value, address_key)
      select id, 'email', 'c' || id || '@example.com', decode(md5(id::text), 'hex') from contact`,
    sql`insert into subscription (category_id, contact_id, status, source)
      select ${category}, id, 'subscribed', 'test' from contact on conflict do nothing`,
    sql`insert into opt_out (contact_id, resource_id, source) select id, ${resourceId}, 'test' from contact`,
    sql`insert into address_refusal (address_key, channel, resource_id)
      select decode(md5(id::text), 'hex'), 'email', ${resourceId} from contact`,
    sql`insert into recipient (campaign_id, seq, contact_id, address, address_key, category_ids)
      select ${campaignId}::bigint, id, id, 'c' || id || '@example.com', decode(md5(id::text), 'hex'),
        array[${category}::bigint]
      from contact where id <> ${sent.contactId}`,
    sql`insert into pending_unsubscribe (contact_id, resource_id, category_id, campaign_id, due_at, state)
      select id, ${resourceId}, ${category}, ${campaignId}::bigint, now(),
        case when id % 9 = 0 then 'pending' else 'confirmed' end
      from contact`,
    ...manyCampaigns(campaignId),
    sql`analyze`,
  ]
  for (const each of statements) await each.execute(db)
}

/** Each with some recipients: with a handful of such partitions, what looks into the ledger is planned anew at each call. */
const manyCampaigns = (after: string) =>
  Array.from({ length: 20 }, (_, index) => Number(after) + 1 + index).flatMap((id) => [
    sql.raw(`create table recipient_${id} partition of recipient for values in (${id})`),
    sql.raw(`insert into recipient (campaign_id, seq, contact_id, address, address_key, category_ids)
      select ${id}, id, id, 'c' || id || '@example.com', decode(md5(id::text), 'hex'), '{}' from contact limit 2000`),
  ])

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

test('the description: its text, and a plan that reads no table from end to end', async () => {
  await expect(tidy(description.sql)).toMatchFileSnapshot('../sql/describe-unsubscribe.sql')
  expect(await largeScans(description)).toEqual([])
})

test('the refusal: its text, and a plan that reads no table from end to end', async () => {
  await expect(tidy(refusal.sql)).toMatchFileSnapshot('../sql/unsubscribe.sql')
  expect(await largeScans(refusal)).toEqual([])
})

describe('plans are kept', () => {
  const requests = 12
  const links = () =>
    Array.from({ length: requests }, (_, index) => ({
      ...claimsOf(sent),
      contactId: String(Number(sent.contactId) + 1 + index),
    }))

  /** How often PostgreSQL has used the plan that it keeps. */
  async function keptPlans(statement: CompiledQuery): Promise<number> {
    const { rows } = await sql<{ kept: number }>`
      select generic_plans::int as kept from pg_prepared_statements where statement = ${statement.sql}`.execute(db)
    return rows[0]?.kept ?? 0
  }

  // The first five executions of a prepared statement are planned for their parameters; then it is decided.
  test('from the sixth description on', async () => {
    for (const claims of links()) await describeUnsubscribe(db, claims)
    expect(await keptPlans(description)).toBeGreaterThanOrEqual(requests - 5)
  })

  test('from the sixth refusal on', async () => {
    for (const claims of links()) await unsubscribe(db, claims, act)
    expect(await keptPlans(refusal)).toBeGreaterThanOrEqual(requests - 5)
  })

  // The plans of queries inside functions are seen by what they did.
  test('and none of them, in functions neither, has read a large table from end to end', async () => {
    const before = await tablesRead()
    for (const claims of links()) {
      await describeUnsubscribe(db, claims)
      await unsubscribe(db, claims, act)
    }
    expect(await tablesRead()).toEqual(before)
  })
})

/** How often large tables have been read from end to end so far. */
async function tablesRead(): Promise<{ table: string; scans: number }[]> {
  await sql`select pg_stat_force_next_flush()`.execute(db)
  const { rows } = await sql<{ table: string; scans: number }>`
    select relname as table, seq_scan::int as scans from pg_stat_user_tables
    where relname = any(${[...large, `recipient_${sent.campaignId}`]}) order by relname`.execute(db)
  return rows
}
