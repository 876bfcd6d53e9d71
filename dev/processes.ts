import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { commandOf } from './process-command.ts'

export interface ProcessSpec {
  /** What people call it; names its log and its pid file too. */
  name: string
  command: string
  args: string[]
  /** Where `<name>.log` and `<name>.pid` are written. */
  folder: string
  env?: NodeJS.ProcessEnv
  user?: { uid: number; gid: number } | undefined
  stopSignal?: NodeJS.Signals
}

export interface RunningProcess {
  name: string
  pid: number
  logFile: string
  hasEnded: () => boolean
  /** Settles, with a sentence and the log's tail, only when the process ends without having been asked to. */
  unexpectedEnd: Promise<Error>
  /** Asks it to end, and ends it by force when it has not after `graceMs`. Repeating the call is harmless. */
  stop: (graceMs?: number) => Promise<void>
}

/** What a pid file says, for the next start to find what a killed one left behind. */
export interface PidFile {
  pid: number
  command: string
  stopSignal: NodeJS.Signals
}

/**
 * Starts a process whose output goes into a file: it costs us nothing, and nothing is lost when we die first.
 * It is a process group of its own, so that a Ctrl-C in the terminal reaches us alone and we decide the order.
 */
export async function startProcess(spec: ProcessSpec): Promise<RunningProcess> {
  await mkdir(spec.folder, { recursive: true })
  const logFile = join(spec.folder, `${spec.name}.log`)
  const child = await spawnInto(logFile, spec)
  const pidFile = join(spec.folder, `${spec.name}.pid`)
  const stopSignal = spec.stopSignal ?? 'SIGTERM'
  writePidFile(pidFile, child, stopSignal)
  child.once('exit', () => rmSync(pidFile, { force: true }))
  let asked = false
  return {
    name: spec.name,
    pid: child.pid ?? Number.NaN,
    logFile,
    hasEnded: () => hasEnded(child),
    unexpectedEnd: new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        if (!asked) void failure(spec.name, logFile, `ended (${signal ?? `exit code ${code}`})`).then(resolve)
      })
    }),
    stop: async (graceMs = 15_000) => {
      asked = true
      await stopChild(child, stopSignal, graceMs)
    },
  }
}

async function spawnInto(logFile: string, spec: ProcessSpec): Promise<ChildProcess> {
  const log = openSync(logFile, 'w')
  try {
    const child = spawn(spec.command, spec.args, {
      ...spec.user,
      // Another user may not be able to enter our working directory; for ourselves it is where paths start.
      ...(spec.user === undefined ? {} : { cwd: '/' }),
      env: spec.env ?? process.env,
      detached: true,
      stdio: ['ignore', log, log],
    })
    await once(child, 'spawn')
    return child
  } catch (error) {
    throw new Error(`${spec.name} could not be started: ${(error as Error).message}`, { cause: error })
  } finally {
    closeSync(log)
  }
}

function writePidFile(path: string, child: ChildProcess, stopSignal: NodeJS.Signals): void {
  const command = child.pid === undefined ? null : commandOf(child.pid)
  if (child.pid === undefined || command === null) return
  writeFileSync(path, JSON.stringify({ pid: child.pid, command, stopSignal } satisfies PidFile))
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

async function stopChild(child: ChildProcess, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  if (hasEnded(child)) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await Promise.race([exited, sleep(graceMs, undefined, { ref: false })])
  if (hasEnded(child) || child.pid === undefined) return
  // Minus: the whole group, so that nothing it started is left behind.
  process.kill(-child.pid, 'SIGKILL')
  await exited
}

/** Waits until the check holds. @throws with the log's tail when the process ends first or the time is over. */
export async function untilReady(
  started: RunningProcess,
  check: () => Promise<boolean>,
  { limitMs = 30_000, signal }: { limitMs?: number; signal?: AbortSignal } = {},
): Promise<void> {
  const deadline = Date.now() + limitMs
  while (!(await check().catch(() => false))) {
    signal?.throwIfAborted()
    if (started.hasEnded()) throw await failure(started.name, started.logFile, 'ended before it was ready')
    if (Date.now() > deadline)
      throw await failure(started.name, started.logFile, `was not ready after ${limitMs / 1000} s`)
    await sleep(50)
  }
}

/** True when the log of this run holds the text. */
export const logHolds = (started: RunningProcess, text: string) => async () =>
  (await readFile(started.logFile, 'utf8')).includes(text)

async function failure(name: string, logFile: string, what: string): Promise<Error> {
  const tail = (await readFile(logFile, 'utf8')).trimEnd().split('\n').slice(-20).join('\n')
  return new Error(`${name} ${what}. The end of ${logFile}:\n${tail}`)
}
