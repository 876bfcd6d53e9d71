import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { Connection } from '@temporalio/client'
import { freePort } from './free-port.ts'
import { startProcess, untilReady } from './processes.ts'

export interface TemporalServer {
  /** host:port of its gRPC frontend. */
  address: string
  /** Origin of its web pages. */
  uiUrl: string
  stop: () => Promise<void>
  unexpectedEnd: Promise<Error>
}

/**
 * Starts Temporal's development server on loopback, with its history kept under the data folder.
 * @param options.port by default 7233, or any that is free.
 */
export async function startTemporalServer(options: {
  binary: string
  dataDir: string
  port?: number
}): Promise<TemporalServer> {
  const dataDir = resolve(options.dataDir)
  await mkdir(dataDir, { recursive: true })
  const port = options.port ?? (await freePort(7233))
  const uiPort = await freePort(8233)
  const database = join(dataDir, `temporal-${await serverVersion(options.binary)}.db`)
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${port}`, '--ui-port', `${uiPort}`]
  // A killed server loses nothing with these; only a machine that loses power may lose the last moment.
  const pragmas = ['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL']
  const server = await startProcess({
    name: 'temporal',
    command: options.binary,
    args: [...args, ...pragmas, '--db-filename', database],
    folder: dataDir,
  })
  const address = `127.0.0.1:${port}`
  try {
    await untilReady(server, () => answers(address), { limitMs: 60_000 })
  } catch (error) {
    await server.stop()
    throw error
  }
  return {
    address,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    stop: () => server.stop(),
    unexpectedEnd: server.unexpectedEnd,
  }
}

/** The server makes its schema in a new file and never migrates an old one: each version has a file of its own. */
async function serverVersion(binary: string): Promise<string> {
  const { stdout } = await promisify(execFile)(binary, ['--version'])
  return /Server ([\w.-]+)/.exec(stdout)?.[1] ?? 'unknown'
}

/** Answering is not enough: the default namespace is made a moment later. */
async function answers(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 1000 })
  try {
    await connection.withDeadline(Date.now() + 1000, () =>
      connection.workflowService.describeNamespace({ namespace: 'default' }),
    )
    return true
  } finally {
    await connection.close()
  }
}
