import { type ChildProcess, execFile, fork } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Connection, connect } from '../db/connect.ts'
import { migrate } from '../db/migrate.ts'
import { startStack } from '../dev/stack.ts'

const run = promisify(execFile)
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

/** Servers of a benchmark's own, on loopback, gone when it is done. */
export interface Stage {
  /** For data and logs. */
  folder: string
  env: NodeJS.ProcessEnv
  database: Connection
  sink: Sink
  close: () => Promise<void>
}

export interface Sink {
  port: number
  pid: number
  /** Messages accepted so far. */
  accepted: () => Promise<number>
}

export const say = (line: string): void => void process.stderr.write(`${line}\n`)

export async function openStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'addressee-bench-'))
  // PostgreSQL runs as another user when we run as root.
  await chmod(folder, 0o711)
  const { child, sink } = await startSink()
  const ask = { SMTP_URL: `smtp://127.0.0.1:${sink.port}` }
  const stack = await startStack({ dataDir: folder, fresh: false, say, env: { ...process.env, ...ask } })
  const database = connect(stack.env['DATABASE_URL'] ?? '', { name: 'bench' })
  await migrate(database.db)
  return {
    folder,
    env: stack.env,
    database,
    sink,
    close: async () => {
      await database.close()
      await stack.stop()
      child.kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A mail server that is not the bottleneck, as a process of its own. */
export async function startSink(): Promise<{ child: ChildProcess; sink: Sink }> {
  const child = fork(here('./sink.ts'))
  const { port } = await reply<{ port: number }>(child)
  const pid = child.pid ?? Number.NaN
  const accepted = async (): Promise<number> => {
    const answered = reply<{ accepted: number }>(child)
    child.send('how many?')
    return (await answered).accepted
  }
  return { child, sink: { port, pid, accepted } }
}

const reply = <T>(child: ChildProcess): Promise<T> =>
  new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as T))
    child.once('exit', () => reject(new Error('the sink has ended')))
  })

export interface Timed {
  messages: number
  seconds: number
  cpuSeconds: number
}

/** Runs one of the senders to compare with, as a process of its own, and takes its figures. */
export async function runSender(file: string, args: number[]): Promise<Timed> {
  const { stdout } = await run(process.execPath, [here(file), ...args.map(String)])
  return JSON.parse(stdout) as Timed
}

/** The process that a stage started under this name. */
export async function pidOf(folder: string, name: 'postgres' | 'temporal'): Promise<number> {
  return (JSON.parse(await readFile(`${folder}/${name}.pid`, 'utf8')) as { pid: number }).pid
}

/** A folder that is there for the work, and gone after it. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'addressee-bench-'))
  // PostgreSQL runs as another user when we run as root.
  await chmod(folder, 0o711)
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
export const round2 = (value: number): number => Math.round(100 * value) / 100
