import { randomUUID } from 'node:crypto'
import { CancelledFailure, heartbeat } from '@temporalio/activity'
import { commandCampaign } from '../db/campaign-commands.ts'
import { campaignById, sendingCampaign } from '../db/campaigns.ts'
import type { Db } from '../db/connect.ts'
import { disownClaims } from '../db/ledger.ts'
import { countFates } from '../db/tally.ts'
import type { DispatchInput, DispatchResult, Stopped } from '../workflows/contract.ts'
import type { DispatchDeps } from './dispatch-deps.ts'
import { refusing, smtpUnavailable, workerStops } from './failures.ts'
import { Flows } from './flow.ts'
import type { Halt } from './halting.ts'
import { activityMetrics } from './metrics.ts'
import { type RangeEnd, sendRange } from './send-range.ts'
import { Turns } from './turns.ts'

// Cancellation reaches an activity with a heartbeat only: two seconds is how long a cancelled one may go on claiming.
const heartbeatEveryMs = 2000

// One that waits for its turn, or for a server, claims nothing. A third of the 30 seconds after which it would be missed.
const quietBeats = 5

export function dispatchActivities(deps: DispatchDeps) {
  // What the ranges that this process works on at the same time have in common.
  const shared = { turns: new Turns(), flows: new Flows() }
  return {
    /**
     * Sends to the recipients of a range: claim, render, send, settle. Any attempt goes on from the rows; what an
     * earlier one left claimed becomes `unknown` and is not sent again (unless the campaign says `resend`).
     */
    async dispatchRange(input: DispatchInput): Promise<DispatchResult> {
      const progress = { settled: 0 }
      const metrics = activityMetrics()
      const beat = createBeat(progress)
      const beating = setInterval(() => {
        beat()
        metrics.connectionsInUse(deps.channel.transport.connectionsInUse())
      }, heartbeatEveryMs)
      try {
        const claimer = { ...input, token: randomUUID() }
        const campaign = await refusing(sendingCampaign(deps.db, input.campaignId))
        const disowned = await disownClaims(deps.db, claimer, campaign.onUncertain)
        if (campaign.onUncertain === 'hold') metrics.messages('unknown', disowned)
        const end = await refusing(sendRange({ ...deps, ...shared, campaign, claimer, metrics, progress }))
        const stopped = await refusing(stoppedBy(deps.db, input, end))
        return { counts: await countFates(deps.db, input.campaignId), ...stopped }
      } finally {
        clearInterval(beating)
      }
    },
  }
}

/** The Temporal UI shows the details of the last heartbeat beside the pending activity. */
function createBeat(progress: { settled: number }): () => void {
  let told = -1
  let quiet = 0
  return () => {
    quiet += 1
    if (progress.settled === told && quiet < quietBeats) return
    told = progress.settled
    quiet = 0
    heartbeat(progress)
  }
}

type Ending = Omit<DispatchResult, 'counts'>

/** What Temporal is to know of how a range ended. */
async function stoppedBy(db: Db, { campaignId }: DispatchInput, { halt, held }: RangeEnd): Promise<Ending> {
  if (halt !== null && (halt.kind !== 'turn_over' || held === null))
    return { stopped: await giveWay(db, campaignId, halt) }
  if (held === null) return { stopped: await whatTheRowSays(db, campaignId) }
  const { by, untilMs } = held
  const until = new Date(untilMs).toISOString()
  return { stopped: 'held', held: { by: `${by.scope} ${by.key}`, until, everybody: by.scope !== 'domain' } }
}

/** A range that claimed nothing more: was it exhausted, or did somebody stop the campaign? */
async function whatTheRowSays(db: Db, campaignId: string): Promise<Stopped | null> {
  const { state, pausedAt } = await campaignById(db, campaignId)
  if (state === 'cancelled') return 'cancelled'
  return pausedAt === null ? null : 'paused'
}

async function giveWay(db: Db, campaignId: string, halt: Halt): Promise<Stopped | null> {
  switch (halt.kind) {
    case 'stopping':
      throw workerStops()
    case 'cancelled':
      throw new CancelledFailure('the campaign was cancelled in Temporal')
    case 'unavailable':
      throw smtpUnavailable(halt.response)
    case 'misconfigured': {
      const reason = `the SMTP server refuses us, not the recipient: ${halt.response}`
      await commandCampaign(db, campaignId, 'pause', { by: 'addressee', reason })
      return 'paused'
    }
    case 'not_sending':
      // Resumed in the meantime: others may go on where this one stopped.
      return (await whatTheRowSays(db, campaignId)) ?? 'turn_over'
    case 'turn_over':
      return 'turn_over'
  }
}
