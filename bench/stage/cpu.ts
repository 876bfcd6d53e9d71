import { readFile, writeFile } from 'node:fs/promises'

/** Linux counts CPU time in hundredths of a second (USER_HZ), on every architecture that Node runs on. */
const ticksPerSecond = 100

/** CPU that a process has used so far, user and system, in seconds. */
export async function cpuSecondsOf(pid: number): Promise<number> {
  const [user = 0, system = 0] = await timesOf(pid)
  return (user + system) / ticksPerSecond
}

/** The same for a process and its children, those that have ended included: a PostgreSQL with its backends. */
export async function cpuSecondsOfFamily(pid: number): Promise<number> {
  const own = (await timesOf(pid)).reduce((sum, ticks) => sum + ticks, 0) / ticksPerSecond
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').filter(Boolean)
  const theirs = await Promise.all(children.map((child) => cpuSecondsOf(Number(child)).catch(() => 0)))
  return theirs.reduce((sum, seconds) => sum + seconds, own)
}

/** Ticks of the process itself, user and system, and of its children that have ended. */
async function timesOf(pid: number): Promise<number[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // The name may hold spaces: the fields are counted from behind its closing bracket.
  return stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .map(Number)
}

/** The most memory that a process has held at once, in MiB. */
export async function peakMebibytesOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024)
}

/** A peak counts from here on: what it took to start is forgotten. */
export const forgetPeakOf = (pid: number): Promise<void> => writeFile(`/proc/${pid}/clear_refs`, '5')
