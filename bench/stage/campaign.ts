import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { content } from '../senders/message.ts'
import type { Audience } from './audience.ts'
import type { Sink } from './sink.ts'
import type { Stage } from './stage.ts'

export interface SentCampaign {
  id: string
  messages: number
  /** From the moment that it was scheduled to its last settled row. */
  seconds: number
}

/**
 * Schedules a campaign for at once and waits for its end.
 * @throws when the ledger or the mail server counts other than one message for each recipient.
 */
export async function sendCampaign(
  stage: Stage,
  { key, audience, sink = stage.sink }: { key: string; audience: Audience; sink?: Sink },
): Promise<SentCampaign> {
  const before = await sink.accepted()
  const definition = { key, resource: 'bench', categories: [audience.key], content, now: true }
  const { id } = await stage.addressee.campaigns.schedule(definition)
  await untilFinished(stage, id, audience.size)
  const { counts } = await stage.addressee.campaigns.get(key)
  const accepted = (await sink.accepted()) - before
  if (counts.sent !== audience.size || accepted !== audience.size)
    throw new Error(`${key}: ${counts.sent} sent and ${accepted} accepted, of ${audience.size} recipients`)
  return { id, messages: audience.size, seconds: await secondsOf(stage, id) }
}

/** Looks at the campaign's row alone: to count the ledger of a million again and again would be measured too. */
async function untilFinished({ db }: Stage, id: string, recipients: number): Promise<void> {
  // A hundred a second is slower than anything that is worth measuring.
  const deadline = Date.now() + 60_000 + 10 * recipients
  for (;;) {
    const campaign = await db
      .selectFrom('campaign')
      .select(['state', 'pause_reason as pauseReason'])
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    if (campaign.state === 'finished') return
    if (campaign.pauseReason !== null) throw new Error(`campaign ${id} is paused: ${campaign.pauseReason}`)
    if (Date.now() > deadline) throw new Error(`campaign ${id} has not come to its end`)
    await sleep(200)
  }
}

async function secondsOf({ db }: Stage, id: string): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    select extract(epoch from max(r.settled_at) - min(c.created_at))::float8 as seconds
    from recipient r join campaign c on c.id = r.campaign_id where r.campaign_id = ${id}`.execute(db)
  return rows[0]?.seconds ?? Number.NaN
}
