import { sql } from 'kysely'
import { freezeAudience, previewAudience } from '../db/audience.ts'
import { connect, type Db } from '../db/connect.ts'
import { criteriaOf } from '../db/criteria.ts'
import { explainContact } from '../db/explain.ts'
import { migrate } from '../db/migrate.ts'
import type { Id } from '../db/schema.ts'
import { freePort } from '../dev/free-port.ts'
import { startPostgres } from '../dev/postgres.ts'
import { inFolder, median, round2, say } from './stage.ts'

const rounds = 3

/**
 * Freezing an audience with its whole funnel, beside a bare INSERT … SELECT of the same rows from the same tables into
 * the same kind of table with the same indexes, alternating. Two subscriptions a contact in 20 categories, 3 of them the message's; 2
 * segments included, 1 excluded; opt-outs, suppressions, duplicate addresses.
 */
export const resolve = (contacts: number): Promise<object> =>
  inFolder(async (folder) => {
    const postgres = await startPostgres({
      dataDir: `${folder}/postgres`,
      port: await freePort(),
      // What a server of this size would be given; the defaults are for a machine of the nineties.
      flags: ['shared_buffers=2GB', 'work_mem=64MB', 'maintenance_work_mem=512MB', 'max_wal_size=4GB'],
    })
    const database = connect(postgres.urlOf('postgres'), { name: 'bench', connections: 2 })
    try {
      await migrate(database.db)
      const world = await load(database.db, contacts)
      return await measure(database.db, world, contacts)
    } finally {
      await database.close()
      await postgres.stop()
    }
  })

interface World {
  resourceId: Id
  categories: Id[]
  segments: Id[]
}

async function load(db: Db, contacts: number): Promise<World> {
  say(`loading ${contacts} contacts`)
  const n = sql.lit(contacts)
  const resource = await sql<{ id: Id }>`
    insert into resource (key, name, from_name, from_address, list_label, list_id)
    values ('bench', 'Bench', 'Bench', 'news@bench.example', 'Bench', 'news.bench.example') returning id`.execute(db)
  const resourceId = resource.rows[0]?.id ?? ''
  const categories = await sql<{ id: Id }>`
    insert into category (key, resource_id, title) select 'c' || i, ${resourceId}, 'c' || i from generate_series(1, 20) i
    returning id`.execute(db)
  const segments = await sql<{ id: Id }>`
    insert into segment (key, title, kind) select 's' || i, 's' || i, 'static' from generate_series(1, 3) i returning id`.execute(
    db,
  )
  const ids = {
    resourceId,
    categories: categories.rows.map((row) => row.id),
    segments: segments.rows.map((row) => row.id),
  }
  const statements = [
    sql`insert into contact (first_name) select 'Ada' from generate_series(1, ${n})`,
    // Every hundredth has the address of the contact before.
    sql`insert into contact_address (contact_id, channel, value, address_key)
      select id, 'email', 'c' || id || '@bench.example', decode(md5((id - (id % 100 = 0)::int)::text), 'hex') from contact`,
    sql`insert into subscription (category_id, contact_id, status, source)
      select (array[${sql.join(ids.categories.map((id) => sql.lit(id)))}]::bigint[])[1 + (id * 7 + k * 5) % 20], id,
        case when (id + k) % 12 = 0 then 'unsubscribed' else 'subscribed' end, 'bench'
      from contact, generate_series(0, 1) k`,
    sql`insert into segment_member (segment_id, contact_id) select ${ids.segments[0]}::bigint, id from contact where id % 2 = 0`,
    sql`insert into segment_member (segment_id, contact_id) select ${ids.segments[1]}::bigint, id from contact where id % 3 <> 0`,
    sql`insert into segment_member (segment_id, contact_id) select ${ids.segments[2]}::bigint, id from contact where id % 25 = 0`,
    sql`insert into opt_out (contact_id, resource_id, source) select id, ${resourceId}::bigint, 'bench' from contact where id % 40 = 0`,
    sql`insert into suppression (address_key, channel, kind)
      select decode(md5(id::text), 'hex'), 'email', 'bounced' from contact where id % 50 = 1`,
    sql`vacuum analyze`,
  ]
  for (const statement of statements) await statement.execute(db)
  return ids
}

async function measure(db: Db, world: World, contacts: number): Promise<object> {
  const results: { freeze: number; bare: number; preview: number }[] = []
  let audience = 0
  for (let round = 1; round <= rounds; round += 1) {
    const campaignId = await createCampaign(db, world, `round-${round}`)
    const preview = await secondsOf(async () => previewAudience(db, await criteriaOf(db, campaignId)))
    const freeze = await secondsOf(async () => {
      audience = (await freezeAudience(db, campaignId))?.audience ?? 0
    })
    const bare = await secondsOf(() => insertBare(db, world, campaignId, round))
    say(`round ${round}: freeze ${round2(freeze)} s, bare ${round2(bare)} s, preview ${round2(preview)} s`)
    results.push({ freeze, bare, preview })
    await requireSameRows(db, campaignId, round)
    await sql`drop table ${sql.table(`bare_${round}`)}`.execute(db)
    await sql`alter table recipient detach partition ${sql.table(`recipient_${campaignId}`)}`.execute(db)
    await sql`drop table ${sql.table(`recipient_${campaignId}`)}`.execute(db)
    await sql`checkpoint`.execute(db)
  }
  const of = (pick: 'freeze' | 'bare' | 'preview') => median(results.map((each) => each[pick]))
  return {
    benchmark: 'resolve',
    contacts,
    audience,
    rounds,
    freezeSeconds: round2(of('freeze')),
    bareSeconds: round2(of('bare')),
    timesBare: round2(median(results.map((each) => each.freeze / each.bare))),
    previewOfFreeze: round2(of('preview') / of('freeze')),
    explainMilliseconds: round2(1000 * (await explainSeconds(db, world))),
  }
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}

/**
 * What one would write by hand to get the same rows, and no more: no funnel, no reasons, no categories without
 * consent of their own. Same table, same indexes.
 */
async function insertBare(
  db: Db,
  { resourceId, categories, segments }: World,
  campaignId: Id,
  round: number,
): Promise<void> {
  const bare = sql.table(`bare_${round}`)
  await db.transaction().execute(async (db) => {
    await sql`create table ${bare} (like recipient including defaults including constraints)`.execute(db)
    await sql`
      insert into ${bare} (campaign_id, seq, contact_id, address, address_key, category_ids)
      select ${campaignId}::bigint, row_number() over (order by contact_id), contact_id, value, address_key, category_ids
      from (
        select distinct on (a.address_key) s.contact_id, a.value, a.address_key, s.category_ids
        from (
          select contact_id, array_agg(category_id) as category_ids from subscription
          where category_id = any(${categories.slice(0, 3)}::bigint[]) and status = 'subscribed' group by contact_id
        ) s
        join contact c on c.id = s.contact_id and c.deleted_at is null
        join contact_address a on a.contact_id = c.id and a.channel = 'email' and a.status = 'active'
        where s.contact_id in (select contact_id from segment_member where segment_id = any(${segments.slice(0, 2)}::bigint[]))
          and not exists (select from segment_member x where x.segment_id = ${segments[2] ?? ''}::bigint and x.contact_id = c.id)
          and not exists (select from opt_out o where o.contact_id = c.id
            and (o.resource_id is null or o.resource_id = ${resourceId}::bigint) and (o.channel is null or o.channel = 'email'))
          and not exists (select from pending_unsubscribe p where p.contact_id = c.id and p.state = 'pending')
          and not exists (select from suppression b where b.address_key = a.address_key and b.channel = 'email')
        order by a.address_key, c.created_at, c.id
      ) as chosen`.execute(db)
    await sql`alter table ${bare} add primary key (campaign_id, seq)`.execute(db)
    await sql`create index on ${bare} (campaign_id, contact_id)`.execute(db)
    await sql`analyze ${bare}`.execute(db)
  })
}

async function requireSameRows(db: Db, campaignId: Id, round: number): Promise<void> {
  const { rows } = await sql<{ different: number }>`
    select count(*)::int as different from ${sql.table(`bare_${round}`)} b
    full join ${sql.table(`recipient_${campaignId}`)} r using (seq, contact_id) where b.address is distinct from r.address`.execute(
    db,
  )
  if (rows[0]?.different !== 0) throw new Error(`${rows[0]?.different} rows differ`)
}

async function createCampaign(db: Db, { resourceId, categories, segments }: World, key: string): Promise<Id> {
  const { rows } = await sql<{ id: Id }>`
    with message as (insert into message (channel, default_language) values ('email', 'en') returning id),
    campaign as (insert into campaign (key, title, resource_id, message_id, channel, send_at, state)
      select ${key}, ${key}, ${resourceId}::bigint, id, 'email', now(), 'resolving' from message returning id),
    linked as (insert into message_category (message_id, category_id)
      select message.id, category from message, unnest(${categories.slice(0, 3)}::bigint[]) category),
    included as (insert into campaign_segment (campaign_id, segment_id, role)
      select campaign.id, segment, 'include' from campaign, unnest(${segments.slice(0, 2)}::bigint[]) segment),
    excluded as (insert into campaign_segment (campaign_id, segment_id, role)
      select campaign.id, ${segments[2] ?? ''}::bigint, 'exclude' from campaign)
    select id from campaign`.execute(db)
  return rows[0]?.id ?? ''
}

async function explainSeconds(db: Db, world: World): Promise<number> {
  const criteria = await criteriaOf(db, await createCampaign(db, world, 'explain'))
  const contacts = Array.from({ length: 50 }, (_, index) => String(1 + index * 97))
  const times: number[] = []
  for (const contact of contacts) times.push(await secondsOf(() => explainContact(db, criteria, contact)))
  return median(times)
}
