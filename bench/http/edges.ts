import { freePort } from '../../dev/free-port.ts'
import { startProcess, untilReady } from '../../dev/processes.ts'
import type { DatabaseStage } from '../stage/database.ts'
import { startHelper } from '../stage/helper.ts'

/** A server to send requests to. */
export interface Edge {
  url: string
  pid: number
  stop: () => Promise<void> | void
}

/** `addressee http` as an operator would start it. @param secret signs the links. */
export async function startProduct({ folder, url: databaseUrl }: DatabaseStage, secret: string): Promise<Edge> {
  const address = `127.0.0.1:${await freePort()}`
  const http = await startProcess({
    name: 'http',
    command: process.execPath,
    args: ['client/cli/main.ts', 'http'],
    folder,
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      ADDRESSEE_SECRET: secret,
      ADDRESSEE_HTTP_ADDRESS: address,
    },
  })
  const url = `http://${address}`
  await untilReady(http, async () => (await fetch(`${url}/readyz`)).ok)
  return { url, pid: http.pid, stop: () => http.stop() }
}

// As many as the product opens by itself.
const connections = 10
// About the product's page.
const pageBytes = 4000

export async function startFloor({ url: databaseUrl }: DatabaseStage): Promise<Edge> {
  const { port, pid, stop } = await startHelper('http/floor-server.ts', [databaseUrl, connections, pageBytes])
  return { url: `http://127.0.0.1:${port}`, pid, stop }
}
