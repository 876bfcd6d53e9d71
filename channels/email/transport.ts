import type { Outcome, OutgoingMessage, Transport } from '../channel.ts'
import { outcomeOf, type SmtpError } from './outcome.ts'
import { createSessionPool, type SessionPool } from './session-pool.ts'
import { createSlots } from './slots.ts'
import { parseSmtpUrl } from './smtp-url.ts'

/**
 * SMTP over a number of connections. They are opened when messages come.
 * The library's own pool is not used: it sends a message once more by itself when a connection ends, and with that
 * switched off it loses the server's answer on a connection that was used before.
 * @param url see `parseSmtpUrl`. @throws Refusal
 */
export function createSmtpTransport({ url, connections }: { url: string; connections: number }): Transport {
  const sessions = createSessionPool(parseSmtpUrl(url))
  const slots = createSlots(connections)
  let closed = false
  return {
    connections,
    send: async (message) => {
      if (closed) return { kind: 'unavailable', response: 'The transport is closed' }
      await slots.take()
      return sendOver(sessions, message, slots.free)
    },
    close: () => {
      closed = true
      sessions.close()
    },
  }
}

/** @param whenDone called when the connection can take another message, or another connection its place. */
async function sendOver(sessions: SessionPool, message: OutgoingMessage, whenDone: () => void): Promise<Outcome> {
  try {
    const session = await sessions.take()
    const outcome = await session.send(message)
    // Not awaited: the fate is known, and what follows is between the server and us.
    void sessions.giveBack(session).finally(whenDone)
    return outcome
  } catch (error) {
    whenDone()
    return outcomeOf('connecting', error as SmtpError)
  }
}
