import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common'
import { ParentClosePolicy, startChild } from '@temporalio/workflow'
import { database } from './campaign-activities.ts'
import { type DeliverInput, deliveryRoundSeconds, taskQueues, type WebhookRef, webhookWorkflowId } from './contract.ts'

/**
 * Starts the workflow of every webhook that lacks one: when Temporal was away while it was created, or its workflow was
 * terminated. For a workflow that sweeps now and then; what it starts outlives it.
 */
export async function startMissingWebhooks(): Promise<string> {
  const missing = await database.webhooksToStart.executeWithOptions({ summary: 'looks for webhooks without one' }, [])
  for (const webhook of missing) await startUnlessRunning(webhook)
  return `${missing.length} workflows of webhooks were missing`
}

async function startUnlessRunning({ webhookId, title }: WebhookRef): Promise<void> {
  const input: DeliverInput = { webhookId, roundSeconds: deliveryRoundSeconds }
  try {
    await startChild('deliverEvents', {
      workflowId: webhookWorkflowId(webhookId),
      taskQueue: taskQueues.core,
      args: [input],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: title,
    })
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
  }
}
