import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stopLeftovers } from '../../dev/leftovers.ts'

/**
 * A folder that is there for the work, and gone after it, with every process that was started in it: also when
 * somebody has seen enough (Ctrl-C). It lies where TMPDIR says.
 */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'addressee-bench-'))
  // PostgreSQL runs as another user when we run as root.
  await chmod(folder, 0o711)
  const stop = (): void => void clearAway(folder).finally(() => process.exit(130))
  for (const signal of signals) process.once(signal, stop)
  try {
    return await work(folder)
  } finally {
    for (const signal of signals) process.off(signal, stop)
    await clearAway(folder)
  }
}

const signals = ['SIGINT', 'SIGTERM'] as const

async function clearAway(folder: string): Promise<void> {
  await stopLeftovers(folder, () => {})
  await rm(folder, { recursive: true, force: true })
}
