import { proxyLocalActivities, sleep } from '@temporalio/workflow'
import type { NoteActivities } from './bare-worker.ts'

const { note } = proxyLocalActivities<NoteActivities>({ startToCloseTimeout: 10_000 })

/** The least that waits durably for an hour and then does something. @param dueAt Unix time in milliseconds. */
export async function sleepUntil({ dueAt }: { dueAt: number }): Promise<void> {
  await sleep(Math.max(1, dueAt - Date.now()))
  await note({ dueAt })
}
