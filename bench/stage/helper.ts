import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A process of the benchmark's own, so that its CPU is not ours. */
export interface Helper<Told> {
  pid: number
  port: number
  /** Asks it for its figures. */
  ask: () => Promise<Told>
  /** Calls back for whatever it tells. */
  onTold: (listener: (told: Told) => void) => void
  stop: () => void
}

/**
 * Starts a file of bench/ as a process. It tells `{ port }` when it is ready (0 when it listens nowhere), and ends
 * when we are gone.
 */
export async function startHelper<Told>(file: string, args: (string | number)[] = []): Promise<Helper<Told>> {
  const child = fork(
    fileURLToPath(new URL(`../${file}`, import.meta.url)),
    args.map((each) => String(each)),
  )
  const { port } = await nextTold<{ port: number }>(child, file)
  return {
    pid: child.pid ?? Number.NaN,
    port,
    ask: () => {
      const answer = nextTold<Told>(child, file)
      child.send('how many?')
      return answer
    },
    onTold: (listener) => child.on('message', (message) => listener(message as Told)),
    stop: () => void child.kill(),
  }
}

function nextTold<T>(child: ChildProcess, file: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error(`${file} has ended`))
    child.once('exit', ended)
    child.once('message', (message) => {
      child.off('exit', ended)
      resolve(message as T)
    })
  })
}
