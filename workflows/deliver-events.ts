import { continueAsNew, defineSignal, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow'
import { type DeliverInput, type DeliveryRound, wakeSignal } from './contract.ts'
import { delivery } from './webhook-activities.ts'

const wake = defineSignal(wakeSignal)

/**
 * Delivers the events of one webhook, for as long as it is neither disabled nor deleted: an activity looks for what is
 * due and posts it, round after round. What waits, and how often each was tried, are rows.
 */
export async function deliverEvents(input: DeliverInput): Promise<DeliveryRound> {
  let wasWoken = false
  setHandler(wake, () => void (wasWoken = true), { description: 'Look again: the webhook is enabled' })
  setCurrentDetails(
    '**delivering**: figures come at the end of each round; the heartbeat of the activity has fresher ones',
  )
  for (;;) {
    wasWoken = false
    const round = await delivery.deliverDue.executeWithOptions({ summary: 'posts what is due' }, [input])
    setCurrentDetails(details(round))
    // Enabled while the round came to its end: whoever enabled it has found this workflow, and started no other.
    if (round.ended !== null && !wasWoken) return round
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof deliverEvents>(input)
  }
}

const details = ({ pending, delivered, failed, lastError, ended }: DeliveryRound): string =>
  [
    ended === null ? '**delivering**' : `**${ended}**`,
    '',
    '| | |',
    '|---|---|',
    `| pending | ${pending} |`,
    `| delivered | ${delivered} |`,
    `| failed | ${failed} |`,
    ...(lastError === null ? [] : [`| latest error | ${lastError} |`]),
    // The page cuts off the last line.
    '',
    '\u00a0',
  ].join('\n')
