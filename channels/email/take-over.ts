import type { Socket } from 'node:net'
import type SMTPConnection from 'nodemailer/lib/smtp-connection'

const events = ['data', 'error', 'end', 'close', 'timeout'] as const

/**
 * Takes the socket from a connection of the library's that is logged in: from here on the library neither reads nor
 * writes nor times it. The listeners to remove are the connection's own, recognised by being its properties, so that
 * those of Node's socket stay.
 * @returns null when the connection is not as expected; then it is untouched, and the library goes on with it.
 */
export function takeOver(connection: SMTPConnection): Socket | null {
  const { _socket: socket } = connection
  if (!socket || socket.destroyed) return null
  const own = new Set<unknown>(Object.values(connection))
  const listenersOf = (event: string) => socket.listeners(event).filter((listener) => own.has(listener))
  if (!events.every((event) => listenersOf(event).length > 0)) return null
  for (const event of events)
    for (const listener of listenersOf(event)) socket.off(event, listener as (...args: unknown[]) => void)
  socket.setTimeout(0)
  return socket
}
