import { writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { beforeAll, expect, test } from 'vitest'
import { recordConsent } from '../../db/consent.ts'
import { type DeliverInput, taskQueues, webhookWorkflowId } from '../../workflows/contract.ts'
import { eventually } from '../setup/eventually.ts'
import { createInstallation, type Installation } from '../setup/installation.ts'
import { createReceiver, type Receiver } from '../setup/receiver.ts'
import { scriptedChannel } from '../setup/scripted-channel.ts'
import { seedContact } from '../setup/seed.ts'

let installation: Installation
let receiver: Receiver
beforeAll(async () => {
  installation = await createInstallation()
  receiver = await createReceiver()
  await installation.startWorkers(scriptedChannel())
})

/** Nothing of the machine that it was recorded on: replaying does not look at it. */
const anonymous = (history: string): string =>
  history.replaceAll(`${process.pid}@${hostname()}`, 'worker').replaceAll(process.cwd(), '')

const handleOf = (id: string, runId?: string) => installation.temporal.workflow.getHandle(webhookWorkflowId(id), runId)

async function keep(name: string, id: string, firstRunId: string): Promise<void> {
  let runId: string | undefined = firstRunId
  for (let run = 1; runId !== undefined; run += 1) {
    const history = await handleOf(id, runId).fetchHistory()
    const file = new URL(`../histories/deliverEvents--${name}${run > 1 ? `-run-${run}` : ''}.json`, import.meta.url)
    await writeFile(file, `${anonymous(historyToJSON(history))}\n`)
    runId = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined
  }
}

async function tell(): Promise<void> {
  const before = receiver.received.length
  const contact_id = await seedContact(installation.db)
  await recordConsent(installation.db, [{ contact_id, action: 'opted_in', through: 'api' }])
  await eventually(() => expect(receiver.received.length).toBeGreaterThan(before))
}

test('disabled after a delivery', async () => {
  const { webhooks } = installation.addressee
  const { id } = await webhooks.create({ url: receiver.url })
  const { runId } = await handleOf(id).describe()
  await tell()
  await webhooks.disable(id)
  await handleOf(id).result()
  await keep('disabled', id, runId)
})

test('woken while it comes to its end', async () => {
  const { webhooks } = installation.addressee
  const { id } = await webhooks.create({ url: receiver.url })
  const { runId } = await handleOf(id).describe()
  await tell()
  // A signal during a round that ends with the webhook's being disabled: one more look, then the end.
  await handleOf(id).signal('wake')
  await webhooks.disable(id)
  await handleOf(id).result()
  await keep('woken', id, runId)
})

test('continued as new', async () => {
  const { webhooks } = installation.addressee
  const { id } = await webhooks.create({ url: receiver.url })
  await webhooks.disable(id)
  await handleOf(id).result()
  await installation.db.updateTable('webhook').set({ disabled_at: null }).where('id', '=', id).execute()
  const input: DeliverInput = { webhookId: id, roundSeconds: 1 }
  const options = { workflowId: webhookWorkflowId(id), taskQueue: taskQueues.core, args: [input] }
  const { firstExecutionRunId } = await installation.temporal.workflow.start('deliverEvents', options)
  await tell()
  await eventually(async () => expect((await handleOf(id).describe()).runId).not.toBe(firstExecutionRunId), 60_000)
  await webhooks.disable(id)
  await handleOf(id).result()
  await keep('continued', id, firstExecutionRunId)
})
