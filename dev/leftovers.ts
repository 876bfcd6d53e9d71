import { readdirSync, readFileSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { commandOf } from './process-command.ts'
import type { PidFile } from './processes.ts'

/** Ends what an earlier run started in this folder and could not stop, because it was killed itself. */
export async function stopLeftovers(folder: string, say: (line: string) => void): Promise<void> {
  const pidFiles = (await readdir(folder)).filter((name) => name.endsWith('.pid'))
  await Promise.all(
    pidFiles.map(async (name) => {
      const path = join(folder, name)
      const left = parse(await readFile(path, 'utf8'))
      if (left !== null && commandOf(left.pid) === left.command) {
        say(`stopping ${name.replace(/\.pid$/, '')} (pid ${left.pid}), left behind by a run that was killed`)
        await stopProcess(left.pid, left.stopSignal)
      }
      await rm(path, { force: true })
    }),
  )
}

/** The same without any patience, for who asked twice: every process and its children, at once. */
export function killLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    const left = name.endsWith('.pid') ? parse(readFileSync(join(folder, name), 'utf8')) : null
    if (left !== null && commandOf(left.pid) === left.command) send(-left.pid, 'SIGKILL')
  }
}

/** A file that a crash cut short names nobody. */
function parse(text: string): PidFile | null {
  try {
    return JSON.parse(text) as PidFile
  } catch {
    return null
  }
}

/** Signals a process that is no child of ours, waits, and kills its whole group when it has not ended in time. */
export async function stopProcess(pid: number, signal: NodeJS.Signals, graceMs = 15_000): Promise<void> {
  const command = commandOf(pid)
  const deadline = Date.now() + graceMs
  if (command === null) return
  send(pid, signal)
  while (commandOf(pid) === command) {
    if (Date.now() > deadline) return send(-pid, 'SIGKILL')
    await sleep(50)
  }
}

/** Whoever ended in this very moment needs no signal. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
