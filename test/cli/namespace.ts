import { randomBytes } from 'node:crypto'
import { Connection } from '@temporalio/client'
import { eventually } from '../setup/eventually.ts'

/**
 * A Temporal namespace of a test file's own: the command uses the task queues of production, whose tasks would
 * otherwise reach the workers of another file, with another database.
 */
export async function createNamespace(address: string): Promise<string> {
  const namespace = `cli-${randomBytes(6).toString('hex')}`
  const connection = await Connection.connect({ address })
  try {
    const { namespaces } = await connection.workflowService.listNamespaces({})
    const retention = namespaces?.find(({ namespaceInfo }) => namespaceInfo?.name === 'default')?.config
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: retention?.workflowExecutionRetentionTtl ?? null,
    })
    // The server's parts learn of it one after another.
    await eventually(() => connection.workflowService.listWorkflowExecutions({ namespace }))
    return namespace
  } finally {
    await connection.close()
  }
}
