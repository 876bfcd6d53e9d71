import { cancellationSignal } from '@temporalio/activity'
import type { CompiledCampaign } from '../channels/channel.ts'
import type { SendingCampaign } from '../db/campaigns.ts'
import type { Claimer, DomainFilter } from '../db/claim.ts'
import { type Criteria, criteriaOf } from '../db/criteria.ts'
import { releaseRest } from '../db/ledger.ts'
import { limitsOf } from '../db/limits.ts'
import { type Settlement, settle } from '../db/settle.ts'
import type { LimitRef } from '../domain/limit.ts'
import { Claims } from './claims.ts'
import type { DispatchDeps } from './dispatch-deps.ts'
import type { Flow, Flows } from './flow.ts'
import { type Halt, Halting } from './halting.ts'
import type { Metrics } from './metrics.ts'
import { createPace, type Held } from './pace.ts'
import { sendClaimed } from './send-claimed.ts'
import { SettlementWriter } from './settlement-writer.ts'
import type { Turns } from './turns.ts'
import { watchCampaign } from './watch-campaign.ts'

/** One attempt at a range. */
export interface RangeAttempt extends DispatchDeps {
  turns: Turns
  flows: Flows
  campaign: SendingCampaign
  claimer: Claimer
  metrics: Metrics
  /** Counts what was settled, for the heartbeat. */
  progress: { settled: number }
}

/** How it ended: both null at the end of the range, or where nothing may be claimed. */
export interface RangeEnd {
  halt: Halt | null
  /** The limit that holds the rest of it. */
  held: Held | null
}

/**
 * Places at the workers are few, and a range that is slow, or waits for its turn, holds one. After this time it gives
 * way, so that a small campaign is not stuck behind a large one.
 */
const longestAttemptMs = 20_000

export async function sendRange(attempt: RangeAttempt): Promise<RangeEnd> {
  const { db, campaign, flows } = attempt
  using halting = new Halting()
  halting.haltOn(attempt.stopping, { kind: 'stopping' })
  halting.haltOn(cancellationSignal(), { kind: 'cancelled' })
  halting.haltOn(AbortSignal.timeout(longestAttemptMs), { kind: 'turn_over' })
  const criteria = await criteriaOf(db, campaign.id)
  const names = limitNames(attempt)
  const limits = await limitsOf(db, names)
  const compiled = compile(attempt)
  const { flow, leave } = flows.join(campaign.id)
  const writer = createWriter(attempt, criteria, flow)
  const stopWatching = watchCampaign(db, campaign.id, names, limits, halting.halt)
  try {
    const range: RangeInHand = { ...attempt, criteria, compiled, writer, flow, halting }
    const streams = streamsOf(limits)
    const ends = await allOf(streams.map((stream) => sendStream(range, stream)))
    return { halt: halting.reason, held: ends.find((end) => end.held !== null)?.held ?? heldDomain(streams, ends) }
  } catch (error) {
    await leaveNothingOpen(attempt, writer)
    throw error
  } finally {
    stopWatching()
    leave()
    await writer.flush()
  }
}

/**
 * Where only recipients in limited domains are left when the attempt gives way, the range goes behind those that have
 * others: however fast the limit is, it holds up nobody else. Nothing needs to be waited for.
 */
function heldDomain(streams: Stream[], [rest, ...limited]: StreamEnd[]): Held | null {
  const left = limited.findIndex(({ isThrough }) => !isThrough)
  const by = streams[left + 1]?.limits.at(-1)
  return rest?.isThrough && left !== -1 && by !== undefined ? { by, untilMs: Date.now() } : null
}

/** After a failure: the next attempt would take for unknown what the server has answered, or was never handed over. */
async function leaveNothingOpen({ db, claimer }: RangeAttempt, writer: SettlementWriter): Promise<void> {
  await writer.flush()
  await releaseRest(db, claimer)
}

const limitNames = ({ channel, campaign }: RangeAttempt) => ({
  provider: channel.transport.provider,
  resource: campaign.sender.key,
  campaign: campaign.key,
})

const compile = ({ channel, publicUrl, campaign }: RangeAttempt): CompiledCampaign =>
  channel.compile({
    campaignId: campaign.id,
    campaignKey: campaign.key,
    sender: campaign.sender,
    defaultLanguage: campaign.defaultLanguage,
    content: new Map(campaign.content.map(({ language, ...content }) => [language.toLowerCase(), content])),
    publicUrl,
    subscriptionDefaults: campaign.subscriptionDefaults,
  })

function createWriter(attempt: RangeAttempt, { channel }: Criteria, flow: Flow): SettlementWriter {
  const { db, claimer, metrics, progress } = attempt
  const write = async (group: Settlement[], delaySeconds: number): Promise<void> => {
    const startedAt = performance.now()
    progress.settled += await settle(db, claimer, channel, group)
    const seconds = (performance.now() - startedAt) / 1000
    metrics.seconds('settle', seconds)
    metrics.seconds('settle_delay', delaySeconds + seconds)
    metrics.settled(group)
  }
  return new SettlementWriter(write, () => flow.settled())
}

/** Recipients of a range that are claimed together, because the same limits hold for them. */
interface Stream {
  domains: DomainFilter
  limits: LimitRef[]
  /** Who waits for whom: streams of this name, in this process, claim one after the other. */
  turn: string
}

/** One for each domain that has a limit of its own, so that it holds up nobody else; and one for the rest. */
const streamsOf = ({ shared, domains }: { shared: LimitRef[]; domains: string[] }): Stream[] => [
  { domains: { without: domains }, limits: shared, turn: '' },
  ...domains.map((domain) => ({
    domains: { only: domain },
    limits: [...shared, { scope: 'domain' as const, key: domain }],
    turn: domain,
  })),
]

/** How a stream ended. */
interface StreamEnd {
  held: Held | null
  /** There was nobody left to claim. */
  isThrough: boolean
}

interface RangeInHand extends RangeAttempt {
  criteria: Criteria
  compiled: CompiledCampaign
  writer: SettlementWriter
  flow: Flow
  halting: Halting
}

/**
 * Claims when it is this range's turn. Of several ranges of a campaign side by side each would claim a part of what
 * one can, with statements that cost nearly as much.
 */
async function sendStream(range: RangeInHand, { domains, limits, turn }: Stream): Promise<StreamEnd> {
  const { db, campaign, channel, metrics, halting, turns, writer } = range
  const endTurn = await turns.take(`${campaign.id} ${turn}`, halting.signal)
  if (endTurn === null) return { held: null, isThrough: false }
  const { transport } = channel
  const pace = createPace(db, limits, halting.signal, metrics)
  const claims = new Claims({
    ...range,
    domains,
    pace,
    capacity: transport.capacity,
    unwritten: () => writer.unwritten,
    onExhausted: endTurn,
  })
  // If that fails, the end below hears of it.
  halting.signal.addEventListener('abort', () => void claims.stop().catch(() => {}))
  try {
    await sendClaimed({ ...range, transport, claims, halt: halting.halt })
    return { held: claims.held, isThrough: claims.held === null && !halting.signal.aborted }
  } finally {
    endTurn()
    await claims.stop()
  }
}

/** Every one has come to its end before any failure is heard of: they share what would be closed then. */
async function allOf<T>(work: Promise<T>[]): Promise<T[]> {
  const ends = await Promise.allSettled(work)
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
}
