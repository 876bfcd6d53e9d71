import { writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'

type History = Parameters<typeof historyToJSON>[0]

/** Keeps a history for the replay test, with nothing of the machine that it was recorded on: replaying does not look at it. */
export async function writeHistory(name: string, history: History): Promise<void> {
  const text = historyToJSON(history).replaceAll(`${process.pid}@${hostname()}`, 'worker').replaceAll(process.cwd(), '')
  await writeFile(new URL(`../histories/${name}.json`, import.meta.url), `${text}\n`)
}
