import { NativeConnection } from '@temporalio/worker'
import { expect, test } from 'vitest'
import { startUnsubscribe } from '../../db/pending-unsubscribe.ts'
import { ensureSweepSchedule } from '../../worker/sweep-schedule.ts'
import { sweepId } from '../../workflows/contract.ts'
import { atEnd } from '../setup/at-end.ts'
import { clicked, makeOverdue, pendingsOf, seedDelayed } from '../setup/delayed.ts'
import { eventually } from '../setup/eventually.ts'
import { createInstallation } from '../setup/installation.ts'
import { scriptedChannel } from '../setup/scripted-channel.ts'
import { claimsOf } from '../setup/unsubscribe-seed.ts'

test('workers that start at once agree on one Schedule, which settles what no workflow does', async () => {
  const installation = await createInstallation()
  const connection = await NativeConnection.connect({ address: installation.temporalAddress })
  atEnd(() => connection.close())
  const ensure = () => ensureSweepSchedule(connection, installation.namespace)
  await Promise.all([ensure(), ensure(), ensure()])

  const schedule = installation.temporal.schedule.getHandle(sweepId)
  await schedule.pause('an operator looks into it')
  await ensure()
  const { state, spec, policies, action } = await schedule.describe()
  expect(state.paused).toBe(true)
  expect(spec.intervals).toMatchObject([{ every: 30_000 }])
  expect(policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 60_000 })
  const steps = ['settleOverdueUnsubscribes', 'settleExpiredOptIns', 'startMissingOptIns', 'startMissingWebhooks']
  expect(action.args).toEqual([{ steps: [...steps, 'dropOldEvents'] }])

  const sent = await seedDelayed(installation.db)
  await startUnsubscribe(installation.db, claimsOf(sent), clicked)
  await makeOverdue(installation.db, sent.resourceId)
  await installation.startWorkers(scriptedChannel())
  await schedule.trigger()
  await eventually(async () =>
    expect(await pendingsOf(installation.db, sent.resourceId)).toMatchObject([{ state: 'confirmed' }]),
  )
})
