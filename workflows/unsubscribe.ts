import { defineSearchAttributeKey } from '@temporalio/common'
import {
  ApplicationFailure,
  allHandlersFinished,
  condition,
  defineQuery,
  defineUpdate,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import {
  type CommandInput,
  refusedFailure,
  type SettleInput,
  statusQuery,
  type UnsubscribeInput,
  type UnsubscribeStatus,
  unsubscribeUpdates,
} from './contract.ts'

const status = defineQuery<UnsubscribeStatus>(statusQuery)
const updates = {
  confirm: defineUpdate<UnsubscribeStatus, [CommandInput]>(unsubscribeUpdates.confirm),
  cancel: defineUpdate<UnsubscribeStatus, [CommandInput]>(unsubscribeUpdates.cancel),
}
const descriptions = {
  confirm: 'Unsubscribe now instead of when the time is over. Input: {"by": "you"}',
  cancel: 'Leave the subscription as it is; the timer ends. Input: {"by": "you"}',
}
const unsubscribeState = defineSearchAttributeKey('UnsubscribeState', 'KEYWORD')

// Local: one event of history instead of three, and somebody may be waiting for the answer.
const { settleUnsubscribe } = proxyLocalActivities<Activities>({
  startToCloseTimeout: 10_000,
  retry: { initialInterval: 200, maximumInterval: 5000 },
})

/** The database's clock decides what is due; where it lags behind ours, it is asked again. */
const askAgainMs = 1000

/**
 * One delayed unsubscribe: waits until it is due, or until somebody confirms or cancels it. The row in Postgres decides;
 * whatever this workflow is told too late, it reports what came before.
 */
export async function unsubscribe({ id, dueAt }: UnsubscribeInput): Promise<UnsubscribeStatus> {
  let now: UnsubscribeStatus = { state: 'pending', dueAt, through: null }
  const settle = async (wish: SettleInput['wish'], by: string | null): Promise<UnsubscribeStatus> => {
    now = { ...(await settleUnsubscribe({ id, wish, by })), dueAt }
    setCurrentDetails(detailsOf(now))
    return now
  }
  for (const wish of ['confirm', 'cancel'] as const)
    setHandler(updates[wish], ({ by }) => settle(wish, by).then(publish), {
      validator: requireBy,
      description: descriptions[wish],
    })
  setHandler(status, () => now, { description: 'Where the unsubscribe stands, as JSON' })
  setCurrentDetails(detailsOf(now))

  let waitMs = Math.max(0, Date.parse(dueAt) - Date.now())
  while (now.state === 'pending') {
    await condition(() => now.state !== 'pending', waitMs, { summary: `unsubscribes at ${dueAt}` })
    if (now.state === 'pending') await settle('timer', null)
    waitMs = askAgainMs
  }
  await condition(allHandlersFinished)
  return now
}

/** What people read in the Temporal UI. */
function detailsOf({ state, dueAt, through }: UnsubscribeStatus): string {
  switch (state) {
    case 'pending':
      return `Unsubscribes at ${dueAt} unless it is cancelled before. Until then nothing is sent.`
    case 'confirmed':
      return `Is unsubscribed (through: ${through}).`
    case 'cancelled':
      return `Was cancelled (through: ${through}). The subscription stays as it was.`
    case 'gone':
      return 'Nothing is left to unsubscribe: the contact was erased.'
  }
}

/** Costs an event: what the timer ended keeps the state `pending`, and is closed. */
function publish(status: UnsubscribeStatus): UnsubscribeStatus {
  upsertSearchAttributes([{ key: unsubscribeState, value: status.state }])
  return status
}

function requireBy(input: CommandInput): void {
  if (typeof input?.by === 'string' && input.by.trim() !== '') return
  const message = 'by: must name who gives the command. Send {"by": "your name"}.'
  throw ApplicationFailure.nonRetryable(message, refusedFailure)
}
