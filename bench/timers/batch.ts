import { setTimeout as sleep } from 'node:timers/promises'

/** Timers that are all due at one moment. */
export interface Batch {
  /** Begins the id of each. */
  name: string
  count: number
  dueAt: Date
}

export const startsAtOnce = 20

/** A moment that lies behind the last start. A batch that has not been started by then is no measurement. */
export const dueAfterStarting = (count: number): Date => new Date(Date.now() + 10_000 + 60 * count)

/**
 * Waits for the moment, and then for the last one's end.
 * @throws when the moment was over before everything had been started, and when the end does not come.
 */
export async function until(dueAt: Date, count: number, isOver: () => Promise<boolean>): Promise<void> {
  const leftMs = dueAt.getTime() - Date.now()
  if (leftMs < 1000) throw new Error(`the timers were due ${-leftMs} ms before the last of them was started`)
  await sleep(leftMs)
  // Each may take a second: more is another illness than being late.
  const deadline = Date.now() + 60_000 + 1000 * count
  while (!(await isOver())) {
    if (Date.now() > deadline) throw new Error('some timers have not fired')
    await sleep(200)
  }
}
