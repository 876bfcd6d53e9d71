import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { atEnd } from './at-end.ts'

/** A message as a receiver of webhooks has it. */
export interface Received {
  id: string
  timestamp: string
  signature: string
  body: string
  event: { type: string; timestamp: string; data: Record<string, unknown> }
}

export interface Receiver {
  url: string
  /** Everything that came, also what was not taken. */
  received: Received[]
  /** Connections that anybody has opened. */
  connections: () => number
  /** How each message is answered; 200 by default. */
  answer: (message: Received, response: ServerResponse) => void | Promise<void>
  /** Goes away, and comes back at the same address. */
  down: () => Promise<void>
  up: () => Promise<void>
}

/** A system that is told what has happened: a real HTTP server. */
export async function createReceiver(): Promise<Receiver> {
  let connections = 0
  const server = createServer((request, response) => void take(receiver, request, response))
  server.on('connection', () => (connections += 1))
  const listen = (port: number): Promise<void> => new Promise((done) => server.listen(port, '127.0.0.1', done))
  await listen(0)
  const { port } = server.address() as AddressInfo
  const down = (): Promise<void> =>
    new Promise((done) => {
      server.close(() => done())
      server.closeAllConnections()
    })
  atEnd(down)
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hook`,
    received: [],
    connections: () => connections,
    answer: (_, response) => void response.end(),
    down,
    up: () => listen(port),
  }
  return receiver
}

async function take(receiver: Receiver, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks).toString()
  const header = (name: string) => String(request.headers[name])
  const message = {
    id: header('webhook-id'),
    timestamp: header('webhook-timestamp'),
    signature: header('webhook-signature'),
    body,
    event: JSON.parse(body || '{}') as Received['event'],
  }
  receiver.received.push(message)
  await receiver.answer(message, response)
}
