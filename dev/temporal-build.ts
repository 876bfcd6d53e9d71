import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { temporalVersion } from './temporal-version.ts'

/** `go install` of the Temporal CLI into the cache: minutes on two cores the first time, so it shows that it lives. */
export async function buildTemporal(target: string, say: (line: string) => void, signal: AbortSignal) {
  say(`Temporal: building ${temporalVersion} with Go, once; this takes some minutes`)
  // A folder of its own: two builds at once do not meet, and an interrupted one leaves nothing at the target.
  const folder = await mkdtemp(join(dirname(target), 'build-'))
  try {
    await goInstall(folder, say, signal)
    const built = (await readdir(folder)).find((name) => name === basename(target))
    if (built === undefined) throw new Error('it left no binary, because GOOS or GOARCH names another machine')
    await rename(join(folder, built), target)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function goInstall(folder: string, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  const args = ['install', '-v', '-ldflags', '-s -w', `github.com/temporalio/cli/cmd/temporal@${temporalVersion}`]
  const env = { ...process.env, GOBIN: folder }
  const child = spawn('go', args, { env, stdio: ['ignore', 'ignore', 'pipe'], signal })
  const progress = showProgress(say)
  createInterface({ input: child.stderr }).on('line', progress.line)
  try {
    const [code] = await once(child, 'close')
    if (code !== 0) throw new Error(`it failed:\n${progress.tail()}`)
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw missing ? new Error('there is no `go` on the PATH', { cause: error }) : error
  } finally {
    progress.stop()
  }
}

/** `go install -v` names a module as it is downloaded and a package as it is compiled, one a line. */
function showProgress(say: (line: string) => void) {
  const startedAt = Date.now()
  let lines: string[] = []
  let downloaded = 0
  let compiled = 0
  const tell = () => {
    const seconds = Math.round((Date.now() - startedAt) / 1000)
    say(`Temporal: building, ${seconds} s, ${downloaded} modules downloaded, ${compiled} packages compiled`)
  }
  const timer = setInterval(tell, 5000)
  return {
    line: (line: string) => {
      lines = [...lines.slice(-19), line]
      if (line.startsWith('go: downloading')) downloaded += 1
      else compiled += 1
    },
    tail: () => lines.join('\n'),
    stop: () => clearInterval(timer),
  }
}
