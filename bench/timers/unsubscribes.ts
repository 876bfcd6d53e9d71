import { sql } from 'kysely'
import { startUnsubscribeWorkflow } from '../../client/unsubscribe-workflow.ts'
import { listPendingUnsubscribes, type PendingUnsubscribe } from '../../db/pending-unsubscribe.ts'
import { percentile, round2 } from '../stage/figures.ts'
import { inLanes } from '../stage/lanes.ts'
import { say } from '../stage/say.ts'
import type { Stage } from '../stage/stage.ts'
import { startsAtOnce, until } from './batch.ts'

/** More than 50 are started in a second, also on two busy cores. */
const startMs = 20

/**
 * Delayed unsubscribes that are all due at one moment, each with its workflow, on a worker whose sweeps run as ever.
 * @param category whose subscribers leave.
 */
export async function runUnsubscribes(stage: Stage, category: string, count: number): Promise<object> {
  const dueAt = new Date(Date.now() + 10_000 + startMs * count)
  say(`${count} unsubscribes, due at ${dueAt.toISOString()}`)
  await insertPending(stage, category, dueAt)
  const client = await stage.temporal.get()
  const pending = await listPendingUnsubscribes(stage.db, { contactIds: null, limit: count })
  // As at the edge: one that Temporal does not take in time is the sweep's.
  let notStarted = 0
  const start = (each: PendingUnsubscribe) =>
    startUnsubscribeWorkflow(client, each).catch(() => {
      notStarted += 1
    })
  await inLanes(pending, startsAtOnce, start)
  await until(dueAt, count, async () => (await stillPending(stage)) === 0)
  return { ...(await report(stage)), notStarted }
}

/** As clicks would leave them, and a campaign of which they are said. */
async function insertPending({ db }: Stage, category: string, dueAt: Date): Promise<void> {
  await sql`
    with written as (
      insert into message (channel, default_language) values ('email', 'en') returning id
    ), sent as (
      insert into campaign (key, title, resource_id, message_id, channel, state, send_at)
      select 'leaving', 'Leaving', resource_id, written.id, 'email', 'finished', now()
      from category, written where category.key = ${category}
      returning id, resource_id
    )
    insert into pending_unsubscribe (contact_id, resource_id, category_id, campaign_id, due_at)
    select contact_id, sent.resource_id, category.id, sent.id, ${dueAt}::timestamptz
    from sent, category join subscription on subscription.category_id = category.id
    where category.key = ${category}`.execute(db)
}

async function stillPending({ db }: Stage): Promise<number> {
  const { rows } = await sql<{ pending: number }>`
    select count(*)::int as pending from pending_unsubscribe where state = 'pending'`.execute(db)
  return rows[0]?.pending ?? 0
}

/** A sweep settles many in one transaction, a workflow one. */
async function report({ db }: Stage): Promise<object> {
  const { rows } = await sql<{ late: number; together: number }>`
    select extract(epoch from settled_at - due_at)::float8 as late, (count(*) over (partition by settled_at))::int as together
    from pending_unsubscribe`.execute(db)
  const late = rows.map((row) => row.late)
  const bySweep = rows.filter(({ together }) => together > 1).length
  return {
    unsubscribes: rows.length,
    byWorkflow: rows.length - bySweep,
    bySweep,
    secondsAfterDue: {
      p50: round2(percentile(late, 50)),
      p99: round2(percentile(late, 99)),
      max: round2(Math.max(...late)),
    },
  }
}
