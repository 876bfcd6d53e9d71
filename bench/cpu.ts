import { readFile } from 'node:fs/promises'

/** Linux counts CPU time in hundredths of a second (USER_HZ), on every architecture that Node runs on. */
const ticksPerSecond = 100

/** CPU that a process has used so far, user and system, in seconds. */
export async function cpuSecondsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // The name may hold spaces: the fields are counted from behind its closing bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** The most memory that a process has held at once, in MiB. */
export async function peakMebibytesOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024)
}
