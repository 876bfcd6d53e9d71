import {
  ActivityFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow'
import { bulk, command, database, dispatch } from './campaign-activities.ts'
import { handleCommands } from './campaign-commands.ts'
import { publish, showDetails } from './campaign-page.ts'
import {
  apply,
  beginNextPass,
  type CampaignRun,
  carryOf,
  hasRanges,
  heldMs,
  isOver,
  isPaused,
  newRun,
  nextRange,
  recordRange,
} from './campaign-run.ts'
import type { CampaignInput, CampaignReport, Outstanding, SeqRange } from './contract.ts'

/**
 * One campaign: waits for its hour, freezes the audience, sends to it range by range, tries the deferred again, and
 * reports. People steer it by updates; the truth is in Postgres throughout.
 */
export async function campaign(input: CampaignInput): Promise<CampaignReport> {
  const run = newRun(input)
  handleCommands(run)
  try {
    await reread(run)
    publish(run)
    while (run.plan === null && !isOver(run)) {
      await untilDue(run)
      await resolve(run)
    }
    await sendToAll(run)
  } catch (error) {
    if (!isCancellation(error)) throw error
    await CancellationScope.nonCancellable(() => obeyCancellation(run))
  }
  return CancellationScope.nonCancellable(() => finish(run))
}

/** Postgres is asked again when the hour comes: a change that could not be told to this workflow holds too. */
async function untilDue(run: CampaignRun): Promise<void> {
  while (!isOver(run)) {
    const waitMs = Date.parse(run.description.sendAt) - Date.now()
    if (isPaused(run)) await resumed(run)
    else if (waitMs > 0) await changed(run, waitMs, `sends at ${run.description.sendAt}`)
    else {
      await reread(run)
      if (!isPaused(run) && isDue(run)) return
    }
  }
}

async function resolve(run: CampaignRun): Promise<void> {
  if (isOver(run)) return
  const summary = 'freezes the audience'
  run.plan = await bulk.resolveAudience.executeWithOptions({ summary }, [{ campaignId: run.description.campaignId }])
  await reread(run)
  publish(run)
  // By the database's clock it is not due yet: that one decides, and is asked again.
  if (run.plan === null && !isOver(run) && isDue(run)) await changed(run, 1000, 'the database says it is not due yet')
}

const isDue = (run: CampaignRun): boolean => Date.parse(run.description.sendAt) <= Date.now()

async function sendToAll(run: CampaignRun): Promise<void> {
  while (!isOver(run)) {
    if (isPaused(run)) await resumed(run)
    else if (heldMs(run) > 0) await untilAllowed(run)
    else if (hasRanges(run)) await sendWindow(run)
    else if (await nothingOutstanding(run)) return
  }
}

/** Days may lie between two tries under a daily cap; but it may be raised, and nobody would tell us. */
const longestHoldMs = 10 * 60_000

async function untilAllowed(run: CampaignRun): Promise<void> {
  publish(run)
  const { by, until } = run.hold ?? { by: 'nobody', until: '' }
  await changed(run, Math.min(heldMs(run), longestHoldMs), `the limit of ${by} lets nothing go until ${until}`)
  run.hold = null
  await reread(run)
}

/** Several ranges at once, each taken up as another ends. Ends when a pause, a cancel or a new run is due. */
async function sendWindow(run: CampaignRun): Promise<void> {
  if (workflowInfo().continueAsNewSuggested) await goOnInNewRun(run)
  const mayGoOn = () => !isPaused(run) && !isOver(run) && heldMs(run) === 0 && !workflowInfo().continueAsNewSuggested
  const lane = async (): Promise<void> => {
    for (let range = nextRange(run); range !== undefined; range = mayGoOn() ? nextRange(run) : undefined)
      await sendRange(run, range)
  }
  // allSettled, not all: every range has come to its end before anything else is decided.
  const ends = await Promise.allSettled(Array.from({ length: run.plan?.window ?? 1 }, lane))
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  publish(run)
}

async function sendRange(run: CampaignRun, range: SeqRange): Promise<void> {
  const summary = `recipients ${range.from} to ${range.to}${run.pass > 1 ? `, round ${run.pass}` : ''}`
  try {
    const { campaignId } = run.description
    const result = await dispatch.dispatchRange.executeWithOptions({ summary }, [{ campaignId, ...range }])
    recordRange(run, range, result)
    if (result.stopped === 'paused' || result.stopped === 'cancelled') await reread(run)
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error
    run.unfinished.push(range)
    await pauseBecause(run, error)
  }
  showDetails(run)
}

/** What an operator must mend burns no recipient: the campaign holds and says why. */
async function pauseBecause(run: CampaignRun, error: ActivityFailure): Promise<void> {
  const reason = error.cause?.message ?? error.message
  const { campaignId } = run.description
  apply(run, await command.commandCampaign({ campaignId, command: 'pause', by: 'addressee', reason }))
}

/** After each pass over the ledger: is anybody waiting for a second try? */
async function nothingOutstanding(run: CampaignRun): Promise<boolean> {
  const left = await database.countOutstanding.executeWithOptions({ summary: 'counts who waits for another try' }, [
    run.description,
  ])
  if (left.queued + left.claimed === 0) return true
  run.outstanding = left
  showDetails(run)
  await changed(run, untilRetry(left), `${left.queued} deferred recipients are tried again`)
  await reread(run)
  if (!isPaused(run)) beginNextPass(run)
  return false
}

// A claim without an owner is taken over when a heartbeat would have been missed.
const orphanedClaimMs = 30_000
const untilRetry = (left: Outstanding): number =>
  left.retryAt === null ? orphanedClaimMs : Math.max(1000, Date.parse(left.retryAt) - Date.now())

async function goOnInNewRun(run: CampaignRun): Promise<void> {
  await condition(allHandlersFinished)
  const { plan } = run
  if (plan === null) return
  await continueAsNew<typeof campaign>({ campaignId: run.description.campaignId, carry: carryOf({ ...run, plan }) })
}

/** Somebody pressed "Request Cancellation" in the Temporal UI: the same as the update `cancel`. */
async function obeyCancellation(run: CampaignRun): Promise<void> {
  const { campaignId } = run.description
  apply(run, await command.commandCampaign({ campaignId, command: 'cancel', by: 'a cancellation in Temporal' }))
}

async function finish(run: CampaignRun): Promise<CampaignReport> {
  const report = await database.finishCampaign.executeWithOptions({ summary: 'ends the campaign and counts' }, [
    run.description,
  ])
  await reread(run)
  run.settled = report.counts
  publish(run)
  await condition(allHandlersFinished)
  return report
}

/** Asks Postgres where the campaign stands. */
async function reread(run: CampaignRun): Promise<void> {
  apply(run, await database.describeCampaign.executeWithOptions({ summary: 'reads the row' }, [run.description]))
}

// There is no end to a pause: the timer is there to be seen on the timeline, and begins anew.
const aYearMs = 365 * 24 * 60 * 60 * 1000

async function resumed(run: CampaignRun): Promise<void> {
  const { pausedBy, pauseReason } = run.description
  const summary = `paused by ${pausedBy ?? 'somebody'}${pauseReason ? `: ${pauseReason}` : ''}`.slice(0, 200)
  await condition(() => !isPaused(run) || isOver(run), aYearMs, { summary })
}

async function changed(run: CampaignRun, withinMs: number, summary: string): Promise<void> {
  const seen = run.changes
  await condition(() => run.changes !== seen, withinMs, { summary })
}
