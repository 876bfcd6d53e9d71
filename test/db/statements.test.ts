import { randomUUID } from 'node:crypto'
import { type CompiledQuery, sql } from 'kysely'
import { beforeAll, expect, test } from 'vitest'
import { freezeAudience, previewAudience } from '../../db/audience.ts'
import { claim } from '../../db/claim.ts'
import type { Db } from '../../db/connect.ts'
import { criteriaOf } from '../../db/criteria.ts'
import { explainContact } from '../../db/explain.ts'
import type { Id } from '../../db/schema.ts'
import { settle } from '../../db/settle.ts'
import { captureSql, sequentialScans, sequentialScansPrepared, tidy } from '../setup/captured-sql.ts'
import { createDatabase } from '../setup/database.ts'
import { seedCampaign, seedCategory, seedResource } from '../setup/seed.ts'

// The statements that everything hangs on: their text, for reviewers to see in a diff, and their plans on tables
// large enough that a wrong one would show.

const size = 100_000
let db: Db
let campaignId: Id

beforeAll(async () => {
  ;({ db } = await createDatabase())
  const resourceId = await seedResource(db)
  const category = await seedCategory(db, resourceId)
  await fill(category.id, resourceId)
  campaignId = await seedCampaign(db, { resourceId, categories: [category.id] })
  await freezeAudience(db, campaignId)
})

async function fill(categoryId: Id, resourceId: Id): Promise<void> {
  const statements = [
    sql`insert into contact (first_name) select 'Ada' from generate_series(1, ${sql.lit(size)})`,
    sql`insert into contact_address (contact_id, channel, value, address_key)
      select id, 'email', 'c' || id || '@example.com', decode(md5(id::text), 'hex') from contact`,
    sql`insert into subscription (category_id, contact_id, status, source)
      select ${categoryId}, id, 'subscribed', 'test' from contact`,
    sql`insert into opt_out (contact_id, resource_id, source) select id, ${resourceId}, 'test' from contact where id % 50 = 0`,
    sql`insert into suppression (address_key, channel, kind)
      select decode(md5(id::text), 'hex'), 'email', 'bounced' from contact where id % 40 = 1`,
    sql`analyze`,
  ]
  for (const statement of statements) await statement.execute(db)
}

/** Large tables read from end to end, whether the planner knows the parameters or not. */
async function largeScans(statement: CompiledQuery): Promise<string[]> {
  const large = ['contact', 'contact_address', 'resource_address', 'subscription', `recipient_${campaignId}`]
  const scans = [...(await sequentialScans(db, statement)), ...(await sequentialScansPrepared(db, statement))]
  return scans.filter((relation) => large.includes(relation))
}

const claimer = () => ({ campaignId, from: 5001, to: 10_000, token: randomUUID() })

test('the claim: its text, and a plan that reads no table from end to end', async () => {
  const capture = captureSql(db)
  const { claimed } = await claim(capture.db, await criteriaOf(db, campaignId), claimer(), 200)
  expect(claimed.length).toBeGreaterThan(100)
  const [statement] = capture.statements
  if (statement === undefined) throw new Error('nothing captured')
  await expect(tidy(statement.sql)).toMatchFileSnapshot('../sql/claim.sql')
  expect(await largeScans(statement)).toEqual([])
})

test.each([
  { group: 'nearly every group', file: 'settle-sent', last: { state: 'sent', response: '250', serverId: null } },
  {
    group: 'a group in which somebody was refused',
    file: 'settle',
    last: { state: 'failed', reason: 'refused', code: 550, response: '550', addressIsDead: true },
  },
] as const)(
  'the settlement of $group: its text, and a plan that reads no table from end to end',
  async ({ file, last }) => {
    const capture = captureSql(db)
    const sent = Array.from({ length: 100 }, (_, index) => ({
      seq: 5001 + index,
      state: 'sent' as const,
      response: '250',
      serverId: null,
    }))
    await settle(capture.db, claimer(), 'email', [...sent, { seq: 5101, ...last }])
    const [statement] = capture.statements
    if (statement === undefined) throw new Error('nothing captured')
    await expect(tidy(statement.sql)).toMatchFileSnapshot(`../sql/${file}.sql`)
    expect(await largeScans(statement)).toEqual([])
  },
)

test('explaining one contact reads no large table from end to end', async () => {
  const capture = captureSql(db)
  const contact = await db.selectFrom('contact').select('id').limit(1).executeTakeFirstOrThrow()
  await explainContact(capture.db, await criteriaOf(db, campaignId), contact.id)
  const [statement] = capture.statements
  if (statement === undefined) throw new Error('nothing captured')
  await expect(tidy(statement.sql)).toMatchFileSnapshot('../sql/explain.sql')
  expect(await largeScans(statement)).toEqual([])
})

test('the text of previewing and of freezing an audience', async () => {
  const capture = captureSql(db)
  await previewAudience(capture.db, await criteriaOf(db, campaignId))
  await expect(tidy(capture.statements[0]?.sql ?? '')).toMatchFileSnapshot('../sql/preview.sql')

  const { resource_id: resourceId } = await db.selectFrom('campaign').select('resource_id').executeTakeFirstOrThrow()
  const next = await seedCampaign(db, { resourceId, categories: await categoryIds() })
  await freezeAudience(capture.db, next)
  const load = capture.statements.find(({ sql }) => sql.includes(`insert into "recipient_${next}"`))
  await expect(tidy(load?.sql ?? '')).toMatchFileSnapshot('../sql/freeze.sql')
})

test('a resource that knows addresses and has custom fields: claim and explain read no large table from end to end', async () => {
  const criteria = await criteriaOf(db, campaignId)
  const { resourceId } = criteria
  const statements = [
    sql`insert into resource_address (resource_id, contact_id, channel, value)
      select ${resourceId}, contact_id, channel, value from contact_address`,
    sql`insert into custom_field (resource_id, channel, key, name, type) values (${resourceId}, 'email', 'plan', 'Plan', 'line')`,
    sql`analyze resource_address`,
  ]
  for (const statement of statements) await statement.execute(db)
  const traits = { knowsAddresses: true, hasFields: true }
  expect(await criteriaOf(db, campaignId)).toEqual({ ...criteria, traits })
  const capture = captureSql(db)
  const { claimed } = await claim(capture.db, { ...criteria, traits }, claimer(), 200)
  expect(claimed[0]?.subscription).toEqual({})
  await explainContact(capture.db, { ...criteria, traits }, claimed[0]?.contactId ?? '')
  const judging = capture.statements.filter((statement) => statement.sql.includes('resource_address'))
  expect(judging).toHaveLength(2)
  for (const statement of judging) expect(await largeScans(statement)).toEqual([])
})

const categoryIds = async (): Promise<Id[]> =>
  (await db.selectFrom('category').select('id').execute()).map((row) => row.id)
