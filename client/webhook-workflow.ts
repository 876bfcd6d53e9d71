import { type Client, WorkflowIdReusePolicy } from '@temporalio/client'
import type { WebhookRow } from '../db/webhooks.ts'
import { Unavailable } from '../domain/refusal.ts'
import { webhookTitle } from '../domain/webhook-url.ts'
import {
  type DeliverInput,
  deliveryRoundSeconds,
  taskQueues,
  wakeSignal,
  webhookWorkflowId,
} from '../workflows/contract.ts'

// Without a deadline a call waits for ever when nobody answers.
const deadlineMs = 5000

/**
 * Starts the workflow that delivers a webhook's events, or wakes the one that runs: it may be about to end because the
 * webhook was disabled. Idempotent.
 * @throws {Unavailable} when Temporal does not answer; what there is to deliver is kept.
 */
export async function wakeWebhookWorkflow(client: Client, webhook: WebhookRow): Promise<void> {
  const input: DeliverInput = { webhookId: webhook.id, roundSeconds: deliveryRoundSeconds }
  const options = {
    workflowId: webhookWorkflowId(webhook.id),
    taskQueue: taskQueues.core,
    args: [input] as [DeliverInput],
    signal: wakeSignal,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    staticSummary: webhookTitle(webhook),
    staticDetails: staticDetails(webhook),
  }
  await client
    .withDeadline(Date.now() + deadlineMs, () => client.workflow.signalWithStart('deliverEvents', options))
    .catch((error: unknown) => {
      throw new Unavailable(
        `Webhook ${webhook.id} is recorded, but Temporal did not start its workflow`,
        `Its events are kept. Enable it again when Temporal answers: addressee webhooks enable ${webhook.id}`,
        error,
      )
    })
}

const staticDetails = ({ id }: WebhookRow): string =>
  [
    `Posts events to webhook **${id}**: those of one contact one after the other, each until it is taken or given up.`,
    '',
    'It ends when the webhook is disabled or deleted. What became of each event:',
    '',
    `\`addressee webhooks deliveries ${id}\``,
    // The page cuts off the last line.
    '',
    '\u00a0',
  ].join('\n')
