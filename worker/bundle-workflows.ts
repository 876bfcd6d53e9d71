import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { scriptPath } from './script-path.ts'

const run = promisify(execFile)

/**
 * The workflows as one piece of code, as Temporal's sandbox takes them. Made in a process of its own: the bundler needs
 * 200 MB, and a worker that had bundled would hold on to them for as long as it lives.
 */
export async function bundleWorkflows(): Promise<{ code: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'addressee-bundle-'))
  try {
    const file = join(folder, 'workflows.js')
    await run(process.execPath, [scriptPath('./write-bundle.ts', import.meta.url), file])
    return { code: await readFile(file, 'utf8') }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
