import { type FateCounts, noFates } from '../domain/fate.ts'
import type {
  CampaignCarry,
  CampaignDescription,
  CampaignInput,
  DispatchPlan,
  DispatchResult,
  Hold,
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
  /** Ranges that were cut short: they go first when sending goes on. */
  unfinished: SeqRange[]
  /** Ranges of which only recipients in a domain are left whose limit holds them: they go last. */
  held: SeqRange[]
  /** The limit that lets nothing go for a while. */
  hold: Hold | null
  /** Every recipient by fate, as of the end of the latest range. */
  settled: FateCounts
  /** 1 for the first time through the ledger; one more for each round of second tries. */
  pass: number
  /** What is left after the pass before, when there is a later one. */
  outstanding: Outstanding | null
}

export function newRun({ campaignId, carry }: CampaignInput): CampaignRun {
  const run = { description: notYetRead(campaignId), changes: 0, outstanding: null, held: [], hold: null }
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
  const { plan, nextSeq, unfinished, held, settled, pass } = run
  return { plan, nextSeq, unfinished, held, settled, pass }
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
  if (run.nextSeq > audience) return run.held.shift()
  const range = { from: run.nextSeq, to: Math.min(run.nextSeq + rangeSize - 1, audience) }
  run.nextSeq = range.to + 1
  return range
}

const hasFreeRanges = (run: CampaignRun): boolean =>
  run.unfinished.length > 0 || run.nextSeq <= (run.plan?.audience ?? 0)

export const hasRanges = (run: CampaignRun): boolean => hasFreeRanges(run) || run.held.length > 0

/** Milliseconds for which no range could send anything. */
export function heldMs(run: CampaignRun): number {
  const { hold } = run
  if (hold === null || (!hold.everybody && hasFreeRanges(run))) return 0
  return Math.max(0, Date.parse(hold.until) - Date.now())
}

export function recordRange(run: CampaignRun, range: SeqRange, result: DispatchResult): void {
  run.settled = result.counts
  run.hold = result.held ?? null
  if (result.held !== undefined && !result.held.everybody) run.held.push(range)
  else if (result.stopped !== null) run.unfinished.push(range)
}

/** Starts over at the first position: the ranges will find only what is still queued. */
export function beginNextPass(run: CampaignRun): void {
  run.pass += 1
  run.nextSeq = 1
}
