import type { Outcome, Transport } from '../channel.ts'
import { hasSafeAddresses } from './envelope.ts'
import type { Delivery } from './line.ts'
import { Lines } from './lines.ts'
import { parseSmtpUrl } from './smtp-url.ts'

// One whose fate is still to come, and one whose envelope travels behind it.
const messagesPerConnection = 2

/**
 * SMTP over a number of connections. They are opened when messages come. A message is never sent twice: whoever
 * hands it in hears what became of it and decides.
 * @param url see `parseSmtpUrl`. @throws Refusal
 */
export function createSmtpTransport({ url, connections }: { url: string; connections: number }): Transport {
  const waiting: Delivery[] = []
  const settings = parseSmtpUrl(url)
  const lines = new Lines(settings, connections, waiting)
  let isClosed = false
  return {
    provider: settings.host,
    connections,
    connectionsInUse: () => lines.inUse(),
    capacity: messagesPerConnection * connections,
    send: (message) => {
      if (isClosed) return Promise.resolve(closed)
      if (!hasSafeAddresses(message)) return Promise.resolve(unsafe)
      return new Promise((settle) => {
        waiting.push({ message, settle })
        lines.wake()
      })
    },
    close: () => {
      isClosed = true
      lines.close()
      for (const { settle } of waiting.splice(0)) settle(closed)
    },
  }
}

const closed: Outcome = { kind: 'unavailable', response: 'The transport is closed' }

// Not `unavailable`: it comes back on every try, and the tries are counted.
const unsafe: Outcome = { kind: 'deferred', code: null, response: 'No SMTP command can carry the address' }
