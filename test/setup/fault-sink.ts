import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { atEnd } from './at-end.ts'
import { type Accepted, createAcceptedReader } from './fault-sink/accepted-log.ts'
import { type Behaviour, harmless } from './fault-sink/behaviour.ts'
import type { Order, Status } from './fault-sink/main.ts'

const main = fileURLToPath(new URL('fault-sink/main.ts', import.meta.url))

/** A mail server of our own that can be told to go wrong, and keeps what it took whatever happens to it. */
export interface FaultSink {
  /** host:port, the same after a restart. */
  address: string
  /** What differs from a server where nothing goes wrong; nothing: it is mended. */
  behave: (changes?: Partial<Behaviour>) => Promise<void>
  /** Ends every connection and refuses new ones. */
  goAway: () => Promise<void>
  comeBack: () => Promise<void>
  /** `kill -9`. */
  kill: () => Promise<void>
  /** After `kill`: on the same port, where nothing goes wrong. */
  restart: () => Promise<void>
  /** Connections opened since it was (re)started. */
  connections: () => Promise<number>
  /** Everything accepted so far, before restarts too. */
  accepted: () => Accepted[]
}

/** Runs until the test file is done. */
export async function startFaultSink(): Promise<FaultSink> {
  const folder = mkdtempSync(join(tmpdir(), 'addressee-sink-'))
  const logFile = join(folder, 'accepted.log')
  let child = fork(main, [logFile], { execArgv: [] })
  atEnd(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  })
  const { port } = await statusFrom(child)
  const order = async (order: Order): Promise<Status> => {
    const carriedOut = statusFrom(child)
    child.send(order)
    return carriedOut
  }
  return {
    address: `127.0.0.1:${port}`,
    behave: async (changes = {}) => void (await order({ behave: { ...harmless, ...changes } })),
    goAway: async () => void (await order({ listen: false })),
    comeBack: async () => void (await order({ listen: true })),
    kill: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
    restart: async () => {
      child = fork(main, [logFile, `${port}`], { execArgv: [] })
      await statusFrom(child)
    },
    connections: async () => (await order('status')).connections,
    accepted: createAcceptedReader(logFile),
  }
}

const statusFrom = (child: ChildProcess): Promise<Status> =>
  new Promise((resolve, reject) => {
    const onExit = () => reject(new Error('the sink has ended'))
    child.once('exit', onExit)
    child.once('message', (status) => {
      child.off('exit', onExit)
      resolve(status as Status)
    })
  })
