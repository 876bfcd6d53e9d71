import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common'
import { ParentClosePolicy, startChild } from '@temporalio/workflow'
import { database } from './campaign-activities.ts'
import { type OptInInput, optInWorkflowId, taskQueues } from './contract.ts'

/** Starts the workflow of every double opt-in that lacks one: when Temporal was away while it was asked for. */
export async function startMissingOptIns(): Promise<string> {
  const missing = await database.optInsWithoutMail.executeWithOptions({ summary: 'looks for opt-ins without one' }, [])
  for (const requestId of missing) await startUnlessRunning({ requestId })
  return `${missing.length} opt-ins without a mail`
}

async function startUnlessRunning(input: OptInInput): Promise<void> {
  try {
    await startChild('optIn', {
      workflowId: optInWorkflowId(input.requestId),
      taskQueue: taskQueues.core,
      args: [input],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: 'asks for the confirmation of a subscription',
    })
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
  }
}
