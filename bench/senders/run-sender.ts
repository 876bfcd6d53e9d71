import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Timed {
  messages: number
  seconds: number
  cpuSeconds: number
}

/** Runs one of the senders to compare with, as a process of its own, and takes its figures. */
export async function runSender(file: string, args: number[]): Promise<Timed> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const { stdout } = await run(process.execPath, [path, ...args.map(String)])
  return JSON.parse(stdout) as Timed
}

/** Messages a second. */
export const rate = ({ messages, seconds }: Pick<Timed, 'messages' | 'seconds'>): number =>
  Math.round(messages / seconds)
