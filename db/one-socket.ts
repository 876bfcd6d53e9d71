import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** What the driver has made of the connection string. */
interface Target {
  host: string[]
  port: number[]
  /** Of a Unix socket; then host and port do not count. */
  path?: string | false
}

/** Opens the socket of a client of the driver's. */
export type OpenSocket = (target: Target) => Promise<Socket>

// As for the handshake that follows.
const connectTimeoutMs = 10_000

/**
 * For a client that may have one socket. The driver asks for another, at once and for ever, when the server has
 * closed the first without a word, as a proxy does that has nobody behind it: here it hears an error instead.
 * @param onFailure called when there will be no socket: of that the driver tells the statement, but not the pool.
 */
export function oneSocket(onFailure: () => void): OpenSocket {
  let wasAsked = false
  return async (target) => {
    try {
      if (wasAsked) throw new Error('the server closed the connection while it was opened')
      wasAsked = true
      return await open(target)
    } catch (error) {
      onFailure()
      throw error
    }
  }
}

async function open({ host: [host], port: [port], path }: Target): Promise<Socket> {
  const socket = path ? connect(path) : connect(port ?? 5432, host)
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(connectTimeoutMs) })
  } catch (error) {
    socket.destroy()
    throw error
  }
  // The driver's TLS takes the name to verify from the socket.
  return Object.assign(socket, { host })
}
