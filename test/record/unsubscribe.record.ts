import { beforeAll, test } from 'vitest'
import { startUnsubscribeWorkflow } from '../../client/unsubscribe-workflow.ts'
import { type PendingUnsubscribe, startUnsubscribe } from '../../db/pending-unsubscribe.ts'
import { unsubscribeWorkflowId } from '../../workflows/contract.ts'
import { clicked, seedDelayed } from '../setup/delayed.ts'
import { createInstallation, type Installation } from '../setup/installation.ts'
import { scriptedChannel } from '../setup/scripted-channel.ts'
import { claimsOf } from '../setup/unsubscribe-seed.ts'
import { writeHistory } from './write-history.ts'

let installation: Installation
beforeAll(async () => {
  installation = await createInstallation()
  await installation.startWorkers(scriptedChannel())
})

async function record(name: string, seconds: number, steer: (id: string) => Promise<unknown>): Promise<void> {
  const { db, temporal } = installation
  const sent = await seedDelayed(db)
  await db
    .updateTable('resource')
    .set({ unsubscribe_timer_seconds: seconds })
    .where('id', '=', sent.resourceId)
    .execute()
  const [pending] = (await startUnsubscribe(db, claimsOf(sent), clicked)).running as [PendingUnsubscribe]
  await startUnsubscribeWorkflow(temporal, pending)
  await steer(pending.id)
  const handle = temporal.workflow.getHandle(unsubscribeWorkflowId(pending.id))
  await handle.result()
  await writeHistory(`unsubscribe--${name}`, await handle.fetchHistory())
}

const update = (name: 'confirm' | 'cancel') => (id: string) =>
  installation.temporal.workflow.getHandle(unsubscribeWorkflowId(id)).executeUpdate(name, { args: [{ by: 'ada' }] })

test('the timer', () => record('timer', 1, async () => {}))
test('confirmed', () => record('confirmed', 600, update('confirm')))
test('cancelled', () => record('cancelled', 600, update('cancel')))

test('a sweep, of which one step fails', async () => {
  const { workflow } = installation.temporal
  const args = [{ steps: ['noSuchActivity', 'settleOverdueUnsubscribes'] }]
  const handle = await workflow.start('sweep', { workflowId: 'sweep', taskQueue: 'addressee-core', args })
  await handle.result()
  await writeHistory('sweep--one-step-fails', await handle.fetchHistory())
})
