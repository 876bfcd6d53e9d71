import { startHelper } from './helper.ts'

/** A mail server in a process of its own. */
export interface Sink {
  url: string
  port: number
  pid: number
  /** Messages accepted so far. */
  accepted: () => Promise<number>
  stop: () => void
}

/** @param delayMs how long it thinks about every message, one after another on each connection. 0: not at all. */
export async function startSink(delayMs = 0): Promise<Sink> {
  const { port, pid, ask, stop } = await startHelper<{ accepted: number }>('stage/sink-server.ts', [delayMs])
  return {
    url: `smtp://127.0.0.1:${port}`,
    port,
    pid,
    accepted: async () => (await ask()).accepted,
    stop,
  }
}
