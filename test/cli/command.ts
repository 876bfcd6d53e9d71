import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { atEnd } from '../setup/at-end.ts'

const main = fileURLToPath(new URL('../../client/cli/main.ts', import.meta.url))

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

export interface CommandOptions {
  env?: Record<string, string>
  /** Standard input. */
  input?: string
}

export interface RunningCommand {
  process: ChildProcess
  /** What it has written so far. */
  stdout: () => string
  stderr: () => string
  ended: Promise<Ended>
}

export type Command = ReturnType<typeof createCommand>

/**
 * The command as a person has it: a process in a folder of the test file's own, which knows nothing of the
 * environment of the tests. What is still running at the end is killed.
 */
export function createCommand(env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'addressee-cli-'))
  const running = new Set<ChildProcess>()
  atEnd(async () => {
    for (const child of running) child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  })

  const start = (args: string[], options: CommandOptions = {}): RunningCommand => {
    const child = spawn(process.execPath, [main, ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder, TZ: 'Europe/Berlin', ...env, ...options.env },
    })
    running.add(child)
    child.once('exit', () => running.delete(child))
    child.stdin.end(options.input ?? '')
    const stdout = writtenTo(child.stdout)
    const stderr = writtenTo(child.stderr)
    const ended = once(child, 'close').then(() => ({ code: child.exitCode, stdout: stdout(), stderr: stderr() }))
    return { process: child, stdout, stderr, ended }
  }
  const addressee = (args: string[], options: CommandOptions = {}): Promise<Ended> => start(args, options).ended
  const json = async <T = unknown>(args: string[]): Promise<T> => {
    const { code, stdout, stderr } = await addressee([...args, '--json'])
    if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`)
    return JSON.parse(stdout) as T
  }
  return { folder, start, addressee, json }
}

function writtenTo(stream: Readable): () => string {
  let written = ''
  stream.setEncoding('utf8').on('data', (text: string) => {
    written += text
  })
  return () => written
}
