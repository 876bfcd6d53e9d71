import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setInterval as every } from 'node:timers/promises'
import { scriptPath } from '../worker/script-path.ts'

/** With no byte for this long there is no network worth waiting for: the next way is tried. */
const stallMs = 6000

/** Has the SDK download the CLI, in a process of its own that can be ended: the SDK itself would wait for minutes. */
export async function downloadTemporal(target: string, say: (line: string) => void, signal: AbortSignal) {
  say('Temporal: trying the download that comes with the SDK')
  const folder = await mkdtemp(join(dirname(target), 'download-'))
  try {
    await downloadInto(folder, signal)
    const [file] = await readdir(folder)
    if (file === undefined) throw new Error('it left no file')
    // Renamed within one folder: there is a whole binary at the target, or none.
    await rename(join(folder, file), target)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function downloadInto(folder: string, signal: AbortSignal): Promise<void> {
  const script = scriptPath('temporal-download-sdk.ts', import.meta.url)
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'ignore', 'pipe'], signal })
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
  const stop = new AbortController()
  const stalled = killWhenStalled(folder, () => child.kill('SIGKILL'), stop.signal)
  const [code] = await once(child, 'close').finally(() => stop.abort())
  await stalled
  if (code === null) throw new Error(`nothing arrived for ${stallMs / 1000} seconds`)
  if (code !== 0) throw new Error(complaint.trim().split('\n').at(-1) ?? 'failed')
}

async function killWhenStalled(folder: string, kill: () => void, signal: AbortSignal): Promise<void> {
  let size = 0
  let grewAt = Date.now()
  try {
    for await (const _ of every(500, undefined, { signal })) {
      const now = await sizeOf(folder)
      if (now > size) grewAt = Date.now()
      size = now
      if (Date.now() - grewAt > stallMs) kill()
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

async function sizeOf(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(
    async (name) => (await stat(join(folder, name)).catch(() => null))?.size ?? 0,
  )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
