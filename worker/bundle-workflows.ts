import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The script beside this file: a source when run from sources, built when run from there. */
const script = fileURLToPath(
  new URL(`./write-bundle.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
)

/**
 * The workflows as one piece of code, as Temporal's sandbox takes them. Made in a process of its own: the bundler needs
 * 200 MB, and a worker that had bundled would hold on to them for as long as it lives.
 */
export async function bundleWorkflows(): Promise<{ code: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'addressee-bundle-'))
  try {
    const file = join(folder, 'workflows.js')
    await run(process.execPath, [script, file])
    return { code: await readFile(file, 'utf8') }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
