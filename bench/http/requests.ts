import { Agent, type IncomingMessage, request } from 'node:http'
import { inLanes } from '../stage/lanes.ts'

export interface Answers {
  seconds: number
  /** How long each request took. */
  milliseconds: number[]
}

export type Method = 'GET' | 'POST'

/**
 * Requests every path once, so many at once, each of them over a connection that stays open.
 * @throws when an answer is not 200.
 */
export async function requestAll(base: string, method: Method, paths: string[], atOnce: number): Promise<Answers> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
  const milliseconds: number[] = []
  const started = performance.now()
  try {
    await inLanes(paths, atOnce, async (path) => {
      const before = performance.now()
      await requestOne(agent, method, base + path)
      milliseconds.push(performance.now() - before)
    })
  } finally {
    agent.destroy()
  }
  return { seconds: (performance.now() - started) / 1000, milliseconds }
}

/** What a mail client sends when somebody presses its button (RFC 8058). */
const oneClick = 'List-Unsubscribe=One-Click'

async function requestOne(agent: Agent, method: Method, url: string): Promise<void> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request(url, { agent, method, headers: method === 'POST' ? formHeaders : {} }, resolve)
    asked.once('error', reject)
    asked.end(method === 'POST' ? oneClick : undefined)
  })
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  if (response.statusCode === 200) return
  throw new Error(`${method} is answered with ${response.statusCode}: ${Buffer.concat(chunks).toString()}`)
}

const formHeaders = { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': oneClick.length }
