import { type Client, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/client'
import type { Db } from '../db/connect.ts'
import { openOptIn } from '../db/opt-ins.ts'
import type { Id } from '../db/schema.ts'
import { type OptInInput, optInSignal, optInWorkflowId, taskQueues } from '../workflows/contract.ts'
import type { LazyTemporal } from './temporal.ts'

// The row is written: whoever waits for the answer waits no longer for what the sweep makes up for.
const deadlineMs = 2000

/**
 * Has the person asked who was just found to be `pending`. Call it when that is committed. Temporal may be away: then
 * the sweep starts the workflow later.
 */
export async function startOptInOf(db: Db, temporal: LazyTemporal, contactId: Id, categoryId: Id): Promise<void> {
  const requestId = await openOptIn(db, contactId, categoryId)
  if (requestId !== undefined) await shortly(temporal, (client) => startOptIn(client, requestId))
}

/** One that runs, or has run to its end, is not started again; one that failed or was terminated is. */
export async function startOptIn(client: Client, requestId: Id): Promise<void> {
  const input: OptInInput = { requestId }
  await client.workflow.start('optIn', {
    workflowId: optInWorkflowId(requestId),
    taskQueue: taskQueues.core,
    args: [input],
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
    priority: { priorityKey: 1 },
    staticSummary: `Request ${requestId} to confirm a subscription`,
  })
}

/** Wakes the workflow of a request whose row has changed. */
export const tellOptIn = (temporal: LazyTemporal, requestId: Id): Promise<void> =>
  shortly(temporal, (client) => client.workflow.getHandle(optInWorkflowId(requestId)).signal(optInSignal))

/** Does it within two seconds, or leaves it to those who look at the rows. */
async function shortly(temporal: LazyTemporal, work: (client: Client) => Promise<unknown>): Promise<void> {
  const timeout = Promise.withResolvers<void>()
  const timer = setTimeout(timeout.resolve, deadlineMs)
  const attempt = async (): Promise<void> => {
    const client = await temporal.get()
    await client.withDeadline(Date.now() + deadlineMs, () => work(client))
  }
  await Promise.race([attempt().catch(() => {}), timeout.promise])
  clearTimeout(timer)
}
