import {
  ActivityCancellationType,
  condition,
  defineSignal,
  proxyActivities,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import { database } from './campaign-activities.ts'
import { type OptInInput, type OptInReport, optInSignal, taskQueues } from './contract.ts'

/** Somebody waits at their inbox: before campaigns. A server that is away is tried again until it takes the mail. */
const mail = proxyActivities<Activities>({
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  taskQueue: taskQueues.smtp,
  // The patience of the SMTP dialogue is ten minutes at its longest.
  startToCloseTimeout: 15 * 60_000,
  retry: { initialInterval: 1000, maximumInterval: 5 * 60_000 },
  priority: { priorityKey: 1 },
})

const settled = defineSignal(optInSignal)

/**
 * One request to confirm a subscription: mails it, reminds once, and lets it expire. What is to be done next is read
 * from the row each time; the signal only says that it has changed.
 */
export async function optIn({ requestId }: OptInInput): Promise<OptInReport> {
  let changes = 0
  setHandler(settled, () => {
    changes += 1
  })
  for (;;) {
    const seen = changes
    const summary = 'reads the row: what is next'
    const step = await database.nextOptInStep.executeWithOptions({ summary }, [{ requestId }])
    if (step.kind === 'over') {
      setCurrentDetails(`The request is **${step.state}**.`)
      return { requestId, state: step.state }
    }
    if (step.kind === 'mail')
      await mail.mailOptIn.executeWithOptions({ summary: summaryOf(step.number) }, [{ requestId, number: step.number }])
    else {
      setCurrentDetails(`Waits for the confirmation; ${step.forWhat} is at ${step.until}.`)
      await condition(() => changes !== seen, Math.max(1000, Date.parse(step.until) - Date.now()), {
        summary: `waits for the confirmation; ${step.forWhat} is at ${step.until}`,
      })
    }
  }
}

const summaryOf = (number: 1 | 2): string => (number === 1 ? 'sends the mail that asks' : 'sends the reminder')
