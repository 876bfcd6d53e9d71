import { randomBytes } from 'node:crypto'
import type { Connection } from '@temporalio/client'
import { msToTs } from '@temporalio/common/lib/time.js'
import { ensureSearchAttributes } from '../../worker/search-attributes.ts'

/**
 * A Temporal namespace of a test file's own. Task queues and workflow ids are those of production: in a shared
 * namespace one file's workers would take another's tasks.
 */
export async function createNamespace(connection: Connection): Promise<string> {
  const namespace = `test-${randomBytes(6).toString('hex')}`
  const day = msToTs(24 * 60 * 60 * 1000)
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: day,
  })
  await ensureSearchAttributes(connection, namespace)
  return namespace
}
