import { createServer, type Socket } from 'node:net'
import { openAcceptedLog } from './accepted-log.ts'
import type { Behaviour } from './behaviour.ts'
import { Desk } from './desk.ts'
import { serve } from './session.ts'

// A mail server that goes wrong as its parent says, in a process of its own so that it can be killed.

/** Each is answered with a `Status` when it has been carried out. */
export type Order = { behave: Behaviour } | { listen: boolean } | 'status'

export interface Status {
  port: number
  /** Connections that were opened to us so far. */
  connections: number
}

const [logFile = '', wantedPort = '0'] = process.argv.slice(2)
const desk = new Desk(openAcceptedLog(logFile))
const sockets = new Set<Socket>()
let port = Number(wantedPort)
let connections = 0

const server = createServer((socket) => {
  connections += 1
  sockets.add(socket)
  socket.once('close', () => sockets.delete(socket))
  serve(socket, desk)
})

const tell = (): void => void process.send?.({ port, connections } satisfies Status)

async function listen(): Promise<void> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address()
  if (address !== null && typeof address === 'object') port = address.port
}

/** As if the machine had gone: open connections end, new ones are refused. */
async function goAway(): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  for (const socket of sockets) socket.destroy()
  await closed
}

async function carryOut(order: Order): Promise<void> {
  if (order === 'status') return
  if ('behave' in order) desk.behaviour = order.behave
  else await (order.listen ? listen() : goAway())
}

process.on('message', (order: Order) => void carryOut(order).then(tell))
// The parent has gone: nobody asks any more.
process.on('disconnect', () => process.exit())
await listen()
tell()
