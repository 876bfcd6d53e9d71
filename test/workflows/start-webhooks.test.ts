import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { webhookActivities } from '../../activities/webhooks.ts'
import { recordConsent } from '../../db/consent.ts'
import { webhookWorkflowId } from '../../workflows/contract.ts'
import { atEnd } from '../setup/at-end.ts'
import { eventually } from '../setup/eventually.ts'
import { createInstallation } from '../setup/installation.ts'
import { createReceiver } from '../setup/receiver.ts'
import { scriptedChannel } from '../setup/scripted-channel.ts'
import { seedContact } from '../setup/seed.ts'

const installation = await createInstallation()
const { db, temporal, addressee } = installation
await installation.startWorkers(scriptedChannel())
const receiver = await createReceiver()

// A worker that knows the workflow of this test alone, on a queue of its own.
const workflowsPath = fileURLToPath(new URL('../setup/sweep-workflow.ts', import.meta.url))
const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') })
const connection = await NativeConnection.connect({ address: installation.temporalAddress })
const deps = { db, guard: { privateWebhooks: 'allow' } as const, stopping: new AbortController().signal }
const worker = await Worker.create({
  connection,
  namespace: installation.namespace,
  workflowBundle,
  taskQueue: 'sweep',
  activities: webhookActivities(deps),
})
const running = worker.run()
atEnd(async () => {
  worker.shutdown()
  await running
  await connection.close()
})

let sweeps = 0
const sweep = () => {
  sweeps += 1
  return temporal.workflow.execute('sweepOnce', { taskQueue: 'sweep', workflowId: `sweep/${sweeps}` })
}
const silent = () => sql`update webhook set delivering_at = now() - interval '3 minutes'`.execute(db)
const change = async () =>
  recordConsent(db, [{ contact_id: await seedContact(db), action: 'opted_in', through: 'api' }])

test('a webhook whose workflow was terminated gets another one; one that has it is left alone', async () => {
  const { id } = await addressee.webhooks.create({ url: receiver.url })
  await change()
  await eventually(() => expect(receiver.received).toHaveLength(1))
  const first = await temporal.workflow.getHandle(webhookWorkflowId(id)).describe()
  // It looks as if nobody delivered, and somebody does.
  await silent()
  await sweep()
  expect((await temporal.workflow.getHandle(webhookWorkflowId(id)).describe()).runId).toBe(first.runId)

  await temporal.workflow.getHandle(webhookWorkflowId(id)).terminate('by force')
  await silent()
  await sweep()
  await change()
  await eventually(() => expect(receiver.received).toHaveLength(2))
  // What the sweep started outlives it, and shows what it is.
  const next = await temporal.workflow.getHandle(webhookWorkflowId(id)).describe()
  expect(next.status.name).toBe('RUNNING')
  expect(await next.staticSummary()).toMatch(/^webhook \d+ to 127\.0\.0\.1:\d+$/)
})

test('one that is disabled is not started', async () => {
  const { id } = await addressee.webhooks.create({ url: receiver.url })
  await addressee.webhooks.disable(id)
  await temporal.workflow.getHandle(webhookWorkflowId(id)).result()
  await silent()
  await sweep()
  expect((await temporal.workflow.getHandle(webhookWorkflowId(id)).describe()).status.name).toBe('COMPLETED')
})
