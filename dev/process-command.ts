import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * The command line of a running process; null when there is none with this id. Who remembers a process by its id
 * alone may meet a stranger: ids are given out again. A process that has ended but was never reaped has no command.
 */
export function commandOf(pid: number): string | null {
  try {
    const command = process.platform === 'linux' ? fromProc(pid) : fromPs(pid)
    return command === '' ? null : command
  } catch {
    return null
  }
}

const fromProc = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()

const fromPs = (pid: number) => execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).trim()
