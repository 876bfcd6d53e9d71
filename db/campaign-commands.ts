import { sql } from 'kysely'
import { type CampaignCommand, isOver } from '../domain/campaign-state.ts'
import { Refusal } from '../domain/refusal.ts'
import { type CampaignRow, campaignById } from './campaigns.ts'
import type { Db } from './connect.ts'
import { databaseNow } from './now.ts'
import type { Id } from './schema.ts'

export interface CommandDetails {
  by: string
  reason?: string
  /** For `reschedule`. */
  sendAt?: Date
}

/**
 * Carries out what an operator asked of a campaign. Its senders look at the row before every claim, so that the
 * commit is the moment from which it holds. Idempotent: what is so already is accepted. The database's clock decides
 * what lies in the past: a client whose clock is wrong makes nothing early, late or never.
 * @throws {Refusal} when the campaign is past the point where this could be done; nothing is changed then.
 */
export async function commandCampaign(
  db: Db,
  id: Id,
  command: CampaignCommand,
  details: CommandDetails,
): Promise<CampaignRow> {
  return db.transaction().execute(async (db) => {
    await sql`select from campaign where id = ${id} for update`.execute(db)
    const campaign = await campaignById(db, id)
    const now = await databaseNow(db)
    if (isSoAlready(campaign, command, details, now)) return campaign
    refuseIfTooLate(campaign, command)
    await db
      .updateTable('campaign')
      .set(change(command, details, now))
      .where('id', '=', id)
      .execute()
    return campaignById(db, id)
  })
}

function isSoAlready(campaign: CampaignRow, command: CampaignCommand, details: CommandDetails, now: Date): boolean {
  switch (command) {
    case 'pause':
      return campaign.pausedAt !== null
    case 'resume':
      return campaign.pausedAt === null && !isOver(campaign.state)
    case 'cancel':
      return campaign.state === 'cancelled'
    case 'sendNow':
      return !isOver(campaign.state) && campaign.sendAt <= now
    case 'reschedule':
      return campaign.sendAt.getTime() === details.sendAt?.getTime()
  }
}

const remedies: Record<CampaignCommand, string> = {
  pause: 'Nothing is left to pause.',
  resume: 'Schedule a new campaign under another key.',
  cancel: 'Nothing is left to cancel.',
  sendNow: 'Schedule a new campaign under another key.',
  reschedule: 'Pause or cancel it, or schedule a new campaign under another key.',
}

function refuseIfTooLate(campaign: CampaignRow, command: CampaignCommand): void {
  const onlyBeforeSending = command === 'reschedule' || command === 'sendNow'
  if (!isOver(campaign.state) && !(onlyBeforeSending && campaign.state !== 'scheduled')) return
  throw new Refusal({
    field: command,
    rule: `campaign ${campaign.key} is ${campaign.state} and cannot be changed like this any more`,
    remedy: remedies[command],
  })
}

function change(command: CampaignCommand, details: CommandDetails, now: Date) {
  switch (command) {
    case 'pause':
      return { paused_at: now, paused_by: details.by, pause_reason: details.reason ?? null }
    case 'resume':
      return { paused_at: null, paused_by: null, pause_reason: null }
    case 'cancel':
      return {
        state: 'cancelled' as const,
        paused_at: null,
        paused_by: details.by,
        pause_reason: details.reason ?? null,
      }
    case 'sendNow':
      return { send_at: now }
    case 'reschedule':
      return { send_at: requireTime(details.sendAt, now) }
  }
}

function requireTime(sendAt: Date | undefined, now: Date): Date {
  if (sendAt !== undefined && sendAt > now) return sendAt
  throw new Refusal({
    field: 'sendAt',
    rule: 'must lie in the future',
    remedy: 'Give a later time, or send now.',
  })
}
