import { isSending } from '../db/campaigns.ts'
import type { Db } from '../db/connect.ts'
import { limitsOf } from '../db/limits.ts'
import type { Id } from '../db/schema.ts'
import type { Halt } from './halting.ts'

/**
 * A claim asks the row itself. Where sending is slow, claims are far apart: by looking this often, what is claimed
 * and not yet handed over is given back well within a second of a pause.
 */
const lookEveryMs = 400

type Limits = Awaited<ReturnType<typeof limitsOf>>

/**
 * Halts an attempt whose campaign is paused or over, or to which other limits apply than when it began.
 * @returns how to stop watching.
 */
export function watchCampaign(
  db: Db,
  campaignId: Id,
  names: Parameters<typeof limitsOf>[1],
  limits: Limits,
  halt: (why: Halt) => void,
): () => void {
  const known = JSON.stringify(limits)
  let isLooking = false
  const look = async (): Promise<void> => {
    if (isLooking) return
    isLooking = true
    try {
      if (!(await isSending(db, campaignId))) halt({ kind: 'not_sending' })
      else if (JSON.stringify(await limitsOf(db, names)) !== known) halt({ kind: 'turn_over' })
    } catch {
      // A database that does not answer is heard of by whoever claims or settles.
    } finally {
      isLooking = false
    }
  }
  const timer = setInterval(() => void look(), lookEveryMs)
  return () => clearInterval(timer)
}
