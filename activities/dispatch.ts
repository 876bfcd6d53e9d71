import { randomUUID } from 'node:crypto'
import { CancelledFailure, cancellationSignal, heartbeat } from '@temporalio/activity'
import type { Channel } from '../channels/channel.ts'
import { commandCampaign } from '../db/campaign-commands.ts'
import { campaignById, type SendingCampaign, sendingCampaign } from '../db/campaigns.ts'
import type { Claimer } from '../db/claim.ts'
import type { Db } from '../db/connect.ts'
import { criteriaOf } from '../db/criteria.ts'
import { disownClaims, release } from '../db/ledger.ts'
import { settle } from '../db/settle.ts'
import { countFates } from '../db/tally.ts'
import type { DispatchInput, DispatchResult, Stopped } from '../workflows/contract.ts'
import { createClaims } from './claims.ts'
import { refusing, smtpUnavailable, workerStops } from './failures.ts'
import { countMessages, countSettled } from './metrics.ts'
import { type Halt, sendClaimed } from './send-claimed.ts'
import { createSettlementWriter } from './settlement-writer.ts'

export interface DispatchDeps {
  db: Db
  channel: Channel
  /** Where the edge answers, without a slash at the end: the links in the messages lead there. */
  publicUrl: string
  /** Aborts when this process is told to stop: claimed messages are finished or given back, nothing more is claimed. */
  stopping: AbortSignal
}

// Cancellation reaches an activity with a heartbeat only: two seconds is how long a cancelled one may go on claiming.
const heartbeatEveryMs = 2000

export const dispatchActivities = (deps: DispatchDeps) => ({
  /**
   * Sends to the recipients of a range: claim, render, send, settle. Any attempt goes on from the rows; what an
   * earlier one left claimed becomes `unknown` and is not sent again (unless the campaign says `resend`).
   */
  async dispatchRange(input: DispatchInput): Promise<DispatchResult> {
    const progress = { settled: 0 }
    // The Temporal UI shows the details of the last heartbeat beside the pending activity.
    const beating = setInterval(() => heartbeat(progress), heartbeatEveryMs)
    try {
      const claimer = { ...input, token: randomUUID() }
      const campaign = await sendingCampaign(deps.db, input.campaignId)
      const disowned = await disownClaims(deps.db, claimer, campaign.onUncertain)
      if (campaign.onUncertain === 'hold') countMessages('unknown', disowned)
      const halt = await refusing(sendRange(deps, campaign, claimer, progress))
      const stopped = halt === null ? await stoppedBy(deps.db, input.campaignId) : await giveWay(deps.db, input, halt)
      return { counts: await countFates(deps.db, input.campaignId), stopped }
    } finally {
      clearInterval(beating)
    }
  },
})

/** @returns why it ended early; null at the end of the range, or where nothing may be claimed. */
async function sendRange(
  deps: DispatchDeps,
  campaign: SendingCampaign,
  claimer: Claimer,
  progress: { settled: number },
): Promise<Halt | null> {
  const { db, channel } = deps
  const criteria = await criteriaOf(db, campaign.id)
  const claims = createClaims(db, criteria, claimer, channel.transport.capacity)
  const writer = createSettlementWriter(async (group) => {
    progress.settled += await settle(db, claimer, criteria.channel, group)
    countSettled(group)
  })
  const giveBack = async (): Promise<void> => {
    const unsent = await claims.stop()
    await release(
      db,
      claimer,
      unsent.map((row) => row.seq),
    )
  }
  const halting = createHalting(giveBack, deps.stopping)
  const { halt } = halting
  try {
    const compiled = compile(deps, campaign)
    await sendClaimed({ campaign, compiled, transport: channel.transport, claims, writer, halt })
  } finally {
    halting.dispose()
    // After a failure too: the next attempt would take for unknown what the server has answered.
    await writer.flush()
  }
  return halting.outcome()
}

const compile = ({ channel, publicUrl }: DispatchDeps, campaign: SendingCampaign) =>
  channel.compile({
    campaignId: campaign.id,
    campaignKey: campaign.key,
    sender: campaign.sender,
    defaultLanguage: campaign.defaultLanguage,
    content: new Map(campaign.content.map(({ language, ...content }) => [language.toLowerCase(), content])),
    publicUrl,
  })

interface Halting {
  halt: (why: Halt) => void
  /** The first reason, once what was claimed in vain has been given back; null when there was none. */
  outcome: () => Promise<Halt | null>
  dispose: () => void
}

/** Ends an attempt early, for the first of several reasons, from inside or from outside. */
function createHalting(giveBack: () => Promise<void>, stopping: AbortSignal): Halting {
  let reason: Halt | null = null
  let givenBack: Promise<void> = Promise.resolve()
  const halt = (why: Halt): void => {
    if (reason !== null) return
    reason = why
    givenBack = giveBack()
    // Whoever asks for the outcome hears of a failure; until then nobody holds the promise.
    givenBack.catch(() => {})
  }
  const listeners = new AbortController()
  const onAbort = (signal: AbortSignal, why: Halt): void => {
    if (signal.aborted) halt(why)
    else signal.addEventListener('abort', () => halt(why), { signal: listeners.signal })
  }
  onAbort(stopping, { kind: 'stopping' })
  onAbort(cancellationSignal(), { kind: 'cancelled' })
  return {
    halt,
    outcome: async () => {
      await givenBack
      return reason
    },
    dispose: () => listeners.abort(),
  }
}

/** A range that claimed nothing more: was it exhausted, or did somebody stop the campaign? */
async function stoppedBy(db: Db, campaignId: string): Promise<Stopped | null> {
  const { state, pausedAt } = await campaignById(db, campaignId)
  if (state === 'cancelled') return 'cancelled'
  return pausedAt === null ? null : 'paused'
}

/** What Temporal is to do about an attempt that ended early. */
async function giveWay(db: Db, { campaignId }: DispatchInput, halt: Halt): Promise<Stopped | null> {
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
  }
}
