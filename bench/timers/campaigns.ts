import { sql } from 'kysely'
import { content } from '../senders/message.ts'
import type { Audience } from '../stage/audience.ts'
import { inLanes } from '../stage/lanes.ts'
import type { Stage } from '../stage/stage.ts'
import { type Batch, startsAtOnce, until } from './batch.ts'

/**
 * Campaigns that are scheduled for one moment.
 * @returns by how many milliseconds each was late, in having frozen its audience.
 */
export async function runCampaigns(stage: Stage, audience: Audience, { name, count, dueAt }: Batch): Promise<number[]> {
  const keys = Array.from({ length: count }, (_, index) => `${name}-${index + 1}`)
  const definition = { resource: 'bench', categories: [audience.key], content, sendAt: dueAt }
  await inLanes(
    keys,
    startsAtOnce,
    async (key) => void (await stage.addressee.campaigns.schedule({ key, ...definition })),
  )
  await until(dueAt, count, async () => (await finishedAmong(stage, keys)) === count)
  const { rows } = await sql<{ late: number }>`
    select extract(epoch from frozen_at - send_at)::float8 * 1000 as late
    from campaign where key = any(${keys}::text[])`.execute(stage.db)
  return rows.map((row) => row.late)
}

async function finishedAmong({ db }: Stage, keys: string[]): Promise<number> {
  const { rows } = await sql<{ finished: number }>`
    select count(*)::int as finished from campaign where key = any(${keys}::text[]) and state = 'finished'`.execute(db)
  return rows[0]?.finished ?? 0
}
