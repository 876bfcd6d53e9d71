import { sql } from 'kysely'
import { candidatesOf, type ExclusionReason, type Funnel } from '../domain/audience-rule.ts'
import {
  activeAddress,
  addressReason,
  candidates,
  personFacts,
  personReason,
  type Sql,
  suppressionOf,
} from './audience-facts.ts'
import type { Db } from './connect.ts'
import { type Criteria, criteriaOf } from './criteria.ts'
import { holdErasures } from './erasure-turn.ts'
import { partitionOf } from './partition.ts'
import type { Id } from './schema.ts'
import { tallied, wholeCampaign } from './tally.ts'

export interface FrozenAudience {
  audience: number
  candidates: number
  funnel: Funnel
}

/**
 * Who is silent about all of the message's categories, where silence is no, need not be judged: they are the
 * candidates that are left over. That is most of them, in most campaigns.
 */
const silentAreLeftOver = ({ categories }: Criteria): boolean =>
  categories.ids.length > 0 && categories.optOutIds.length === 0

/**
 * Judges the rules in their order, each on those whom the ones before let through, and counts nobody twice.
 * `passes` says what `reason is null` would: but of a boolean the planner expects half the rows, of the other one in
 * two hundred, and then it joins a million contacts one by one.
 */
const judgedAndKept = (criteria: Criteria): Sql => sql`
  candidate as materialized (${candidates(criteria)}),
  person as materialized (
    select *, reason is null as passes from (
      select contact_id, created_at, category_ids, ${personReason} as reason
      from (${personFacts(criteria, sql`select contact_id from candidate`, { silent: !silentAreLeftOver(criteria) })}) as fact
    ) as judged
  ), reached as materialized (
    select contact_id, created_at, category_ids, address, address_key, ${addressReason} as reason
    from (
      select person.contact_id, person.created_at, person.category_ids, address.address, address.address_key,
        suppression.kind as suppressed
      from person
      left join (${activeAddress(criteria, stillIn)}) as address on address.contact_id = person.contact_id
      ${suppressionOf(criteria)}
      where person.passes
    ) as fact
  ), kept as (
    select *, row_number() over (partition by address_key order by created_at, contact_id) as copy
    from reached where reason is null
  )`

const stillIn = sql`and contact_id in (select contact_id from person where passes)`

const funnelRows = (included: Sql): Sql => sql`
  select reason, count(*)::int as contacts from person where reason is not null group by reason
  union all
  select reason, count(*)::int from reached where reason is not null group by reason
  union all
  select 'not_subscribed', (select count(*) from candidate)::int - (select count(*) from person)::int
  union all
  select 'duplicate_address', count(*)::int from kept where copy > 1
  union all
  select 'included', count(*)::int from ${included}`

/**
 * The funnel as it would come out now; nothing is frozen and nothing is written.
 */
export async function previewAudience(db: Db, criteria: Criteria): Promise<Funnel> {
  const included = sql`kept where copy = 1`
  const { rows } = await sql<FunnelRow>`with ${judgedAndKept(criteria)} ${funnelRows(included)}`.execute(db)
  return funnelFrom(rows)
}

/**
 * Freezes the audience of a campaign into its partition of the ledger, with a dense seq 1…N in the order of
 * contact ids, and records the funnel counted in the same statement.
 *
 * Idempotent: all of it is one transaction that ends by moving the campaign from `resolving` to `sending`. A second
 * call finds the audience frozen and reports it; one that runs beside the first collides with its table and fails.
 * @returns null when the campaign is not (or no longer) to be resolved: it was cancelled.
 */
export async function freezeAudience(db: Db, campaignId: Id): Promise<FrozenAudience | null> {
  const criteria = await criteriaOf(db, campaignId)
  return db.transaction().execute(async (db) => {
    await holdErasures(db)
    const campaign = await readCampaign(db, campaignId)
    if (campaign.frozen !== null || campaign.state !== 'resolving') return campaign.frozen
    await takeRoom(db)
    await createPartition(db, campaignId)
    const funnel = await loadPartition(db, campaignId, criteria)
    await attachPartition(db, campaignId)
    return recordFrozen(db, campaignId, funnel)
  })
}

async function readCampaign(db: Db, campaignId: Id): Promise<{ state: string; frozen: FrozenAudience | null }> {
  const row = await db
    .selectFrom('campaign')
    .select(['state', 'audience', 'candidates', 'funnel'])
    .where('id', '=', campaignId)
    .executeTakeFirstOrThrow()
  const { audience, candidates, funnel } = row
  const frozen = audience === null || candidates === null || funnel === null ? null : { audience, candidates, funnel }
  return { state: row.state, frozen }
}

/** For sorting and hashing a large audience, in this transaction: the server's own defaults are meant for many small ones. */
async function takeRoom(db: Db): Promise<void> {
  await sql`select set_config('work_mem', '64MB', true), set_config('maintenance_work_mem', '256MB', true)`.execute(db)
}

/** A table of its own first: it is loaded without indexes, and the ledger stays open to other campaigns meanwhile. */
async function createPartition(db: Db, campaignId: Id): Promise<void> {
  await sql`create table ${partitionOf(campaignId)} (like recipient including defaults including constraints) with (fillfactor = 50)`.execute(
    db,
  )
}

async function loadPartition(db: Db, campaignId: Id, criteria: Criteria): Promise<Funnel> {
  const { rows } = await sql<FunnelRow>`
    with ${judgedAndKept(criteria)}, inserted as (
      insert into ${partitionOf(campaignId)} (campaign_id, seq, contact_id, address, address_key, category_ids)
      select ${campaignId}::bigint, row_number() over (order by contact_id), contact_id, address, address_key, category_ids
      from kept where copy = 1
      returning 1
    ), written_down as (${tallied(campaignId, wholeCampaign, queuedFrom(sql`inserted`))})
    ${funnelRows(sql`inserted`)}`.execute(db)
  return funnelFrom(rows)
}

const queuedFrom = (inserted: Sql): Sql =>
  sql`select null::text as was, 'queued' as state, count(*) as recipients from ${inserted}`

async function attachPartition(db: Db, campaignId: Id): Promise<void> {
  const partition = partitionOf(campaignId)
  await sql`alter table ${partition} add primary key (campaign_id, seq)`.execute(db)
  await sql`create index on ${partition} (campaign_id, contact_id)`.execute(db)
  // The check spares the scan that attaching would make, and with it the time that the ledger's lock is held.
  await sql`alter table ${partition} add constraint only_this_campaign
    check (campaign_id is not null and campaign_id = ${sql.lit(campaignId)})`.execute(db)
  await sql`alter table recipient attach partition ${partition} for values in (${sql.lit(campaignId)})`.execute(db)
  await sql`alter table ${partition} drop constraint only_this_campaign`.execute(db)
  await sql`analyze ${partition}`.execute(db)
}

/** The condition on the state is what a cancel that came meanwhile wins by: then everything is rolled back. */
async function recordFrozen(db: Db, campaignId: Id, funnel: Funnel): Promise<FrozenAudience> {
  const frozen = { audience: funnel.included, candidates: candidatesOf(funnel), funnel }
  const { numUpdatedRows } = await db
    .updateTable('campaign')
    .set({ ...frozen, state: 'sending', frozen_at: sql`clock_timestamp()` })
    .where('id', '=', campaignId)
    .where('state', '=', 'resolving')
    .executeTakeFirstOrThrow()
  if (numUpdatedRows === 0n) throw new Error(`campaign ${campaignId} was cancelled while its audience was resolved`)
  return frozen
}

interface FunnelRow {
  reason: ExclusionReason | 'included'
  contacts: number
}

/** Reasons come once for each stage that found them. */
function funnelFrom(rows: FunnelRow[]): Funnel {
  const funnel: Funnel = { included: 0 }
  for (const { reason, contacts } of rows) if (contacts > 0) funnel[reason] = (funnel[reason] ?? 0) + contacts
  return funnel
}
