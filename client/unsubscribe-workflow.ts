import { type Client, WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowNotFoundError } from '@temporalio/client'
import { defineSearchAttributeKey } from '@temporalio/common'
import type { PendingUnsubscribe } from '../db/pending-unsubscribe.ts'
import {
  type CommandInput,
  taskQueues,
  type UnsubscribeInput,
  type UnsubscribeStatus,
  unsubscribeUpdates,
  unsubscribeWorkflowId,
} from '../workflows/contract.ts'

// The row is written before and decides; the sweep sees to what no workflow does. So nobody waits long.
const deadlineMs = 2000

const unsubscribeState = defineSearchAttributeKey('UnsubscribeState', 'KEYWORD')
const dueAt = defineSearchAttributeKey('DueAt', 'DATETIME')

/** Starts the workflow of a delayed unsubscribe, unless there was one. */
export async function startUnsubscribeWorkflow(client: Client, pending: PendingUnsubscribe): Promise<void> {
  const input: UnsubscribeInput = { id: pending.id, dueAt: pending.dueAt.toISOString() }
  const options = {
    workflowId: unsubscribeWorkflowId(pending.id),
    taskQueue: taskQueues.unsubscribe,
    args: [input],
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    staticSummary: summaryOf(pending),
    typedSearchAttributes: [
      { key: unsubscribeState, value: 'pending' },
      { key: dueAt, value: pending.dueAt },
    ],
  }
  await client.withDeadline(Date.now() + deadlineMs, () => client.workflow.start('unsubscribe', options))
}

/** Tells a workflow what Postgres has decided already. One that has ended, or never was, need not be told. */
export async function tellUnsubscribe(
  client: Client,
  id: string,
  wish: keyof typeof unsubscribeUpdates,
  by: string,
): Promise<void> {
  const handle = client.workflow.getHandle(unsubscribeWorkflowId(id))
  const input: CommandInput = { by }
  try {
    await client.withDeadline(Date.now() + deadlineMs, () =>
      handle.executeUpdate<UnsubscribeStatus, [CommandInput]>(unsubscribeUpdates[wish], { args: [input] }),
    )
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error
  }
}

/** At most 400 bytes are taken; and no e-mail address, also where it is somebody's name. */
function summaryOf({ firstName, contactId, category, resource, dueAt }: PendingUnsubscribe): string {
  const who = firstName === null || firstName.includes('@') ? `contact ${contactId}` : firstName
  const what = category === null ? short(resource) : `${short(category)} of ${short(resource)}`
  const text = `${short(who)} leaves ${what} at ${dueAt.toISOString()}`
  return text.replaceAll('@', ' at ')
}

const short = (text: string): string => text.replaceAll(/\p{Cc}/gu, ' ').slice(0, 30)
