import { type FateCounts, noFates } from '../domain/fate.ts'
import type {
  CampaignCarry,
  CampaignDescription,
  CampaignInput,
  DispatchPlan,
  DispatchResult,
  Outstanding,
  SeqRange,
} from './contract.ts'

/** What a campaign workflow remembers between two steps. Everything else is rows. */
export interface CampaignRun {
  description: CampaignDescription
  /** Grows with each change that somebody outside made: a timer that waits notices. */
  changes: number
  plan: DispatchPlan | null
  /** First position that no range of this pass covers yet. */
  nextSeq: number
  /** Ranges that a pause cut short: they go first when sending goes on. */
  unfinished: SeqRange[]
  /** Every recipient by fate, as of the end of the latest range. */
  settled: FateCounts
  /** 1 for the first time through the ledger; one more for each round of second tries. */
  pass: number
  /** What is left after the pass before, when there is a later one. */
  outstanding: Outstanding | null
}

export function newRun({ campaignId, carry }: CampaignInput): CampaignRun {
  const run = { description: notYetRead(campaignId), changes: 0, outstanding: null }
  if (carry !== undefined) return { ...run, ...carry }
  return { ...run, plan: null, nextSeq: 1, unfinished: [], settled: noFates(), pass: 1 }
}

/** Stands in until the row is read: commands must find their handlers before that. */
const notYetRead = (campaignId: string): CampaignDescription => ({
  campaignId,
  key: '',
  title: `Campaign ${campaignId}`,
  categories: [],
  sendAt: '',
  state: 'scheduled',
  pausedBy: null,
  pauseReason: null,
})

export function carryOf(run: CampaignRun & { plan: DispatchPlan }): CampaignCarry {
  const { plan, nextSeq, unfinished, settled, pass } = run
  return { plan, nextSeq, unfinished, settled, pass }
}

/** Takes over what Postgres says now. */
export function apply(run: CampaignRun, description: CampaignDescription): void {
  run.description = description
  run.changes += 1
}

export const isPaused = (run: CampaignRun): boolean => run.description.state === 'paused'
/** Finished already, when a workflow was started for a campaign that had just come to its end. */
export const isOver = (run: CampaignRun): boolean =>
  run.description.state === 'cancelled' || run.description.state === 'finished'

/** The next positions to dispatch; undefined at the end of the pass. */
export function nextRange(run: CampaignRun): SeqRange | undefined {
  const again = run.unfinished.shift()
  if (again !== undefined) return again
  const { audience, rangeSize } = run.plan ?? { audience: 0, rangeSize: 1 }
  if (run.nextSeq > audience) return undefined
  const range = { from: run.nextSeq, to: Math.min(run.nextSeq + rangeSize - 1, audience) }
  run.nextSeq = range.to + 1
  return range
}

export const hasRanges = (run: CampaignRun): boolean =>
  run.unfinished.length > 0 || run.nextSeq <= (run.plan?.audience ?? 0)

export function recordRange(run: CampaignRun, range: SeqRange, result: DispatchResult): void {
  run.settled = result.counts
  if (result.stopped !== null) run.unfinished.push(range)
}

/** Starts over at the first position: the ranges will find only what is still queued. */
export function beginNextPass(run: CampaignRun): void {
  run.pass += 1
  run.nextSeq = 1
}
