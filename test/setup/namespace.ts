import { randomBytes } from 'node:crypto'
import { Connection } from '@temporalio/client'
import { msToTs } from '@temporalio/common/lib/time.js'
import { eventually } from './eventually.ts'

/**
 * A Temporal namespace of a test file's own. Task queues and workflow ids are those of production: in a shared
 * namespace one file's workers would take another's tasks, for another database. Its search attributes are the
 * workers' to register.
 */
export async function createNamespace(address: string): Promise<string> {
  const namespace = `test-${randomBytes(6).toString('hex')}`
  const connection = await Connection.connect({ address })
  try {
    const day = msToTs(24 * 60 * 60 * 1000)
    await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: day })
    // The server's parts learn of it one after another.
    await eventually(() => connection.workflowService.listWorkflowExecutions({ namespace }))
    return namespace
  } finally {
    await connection.close()
  }
}
