import { type Helper, startHelper } from '../stage/helper.ts'
import { inLanes } from '../stage/lanes.ts'
import type { Stage } from '../stage/stage.ts'
import { type Batch, startsAtOnce, until } from './batch.ts'

const taskQueue = 'bench-timers'

interface Note {
  dueAt: number
  late: number
}

export const startBareWorker = ({ env }: Stage): Promise<Helper<Note>> =>
  startHelper('timers/bare-worker.ts', [env['TEMPORAL_ADDRESS'] ?? '', env['TEMPORAL_NAMESPACE'] ?? '', taskQueue])

/** The floor: workflows that sleep until then, and note the time. @returns by how many milliseconds each was late. */
export async function runBareWorkflows(
  stage: Stage,
  worker: Helper<Note>,
  { name, count, dueAt }: Batch,
): Promise<number[]> {
  const late: number[] = []
  worker.onTold((told) => {
    if (told.dueAt === dueAt.getTime()) late.push(told.late)
  })
  const { workflow } = await stage.temporal.get()
  const ids = Array.from({ length: count }, (_, index) => `${name}-${index + 1}`)
  await inLanes(ids, startsAtOnce, async (workflowId) => {
    await workflow.start('sleepUntil', { workflowId, taskQueue, args: [{ dueAt: dueAt.getTime() }] })
  })
  await until(dueAt, count, async () => late.length >= count)
  return late
}
