import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// A worker keeps nothing for longer than a message takes, and V8 cannot know: it lets the young generation grow to
// 48 MB, and looks for garbage in the old one when that has grown by hundreds. What was measured stands in
// docs/decisions.md, "A worker's heap".

/** MB of each half of the young generation: what a worker makes in some hundredths of a second. */
const youngHalf = '--max-semi-space-size=4'

/** By how many per cent the old generation may grow before it is looked through again. */
const growth = '--heap-growing-percent=40'

/**
 * V8 reads the size of its young generation only when a process starts. So this one starts once more in its own place,
 * under its own pid, before it has done anything. Not where somebody has chosen a size, and not on Windows, which
 * cannot.
 */
export function restartWithSmallHeap(): void {
  const options = [...process.execArgv, process.env['NODE_OPTIONS'] ?? '']
  if (process.platform === 'win32' || options.some((option) => option.includes('semi-space-size'))) return
  const args = [process.execPath, youngHalf, ...process.execArgv, ...process.argv.slice(1)]
  process.execve?.(process.execPath, args, process.env)
}

/** Call it when everything is loaded: what a collection leaves is what growth is measured by. */
export function collectEarly(): void {
  setFlagsFromString(growth)
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
}
