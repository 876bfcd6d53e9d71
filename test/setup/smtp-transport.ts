import { afterEach } from 'vitest'
import type { Outcome, OutgoingMessage, Transport } from '../../channels/channel.ts'
import { createSmtpTransport } from '../../channels/email/transport.ts'
import { type Script, startScriptedSmtp } from './scripted-smtp.ts'

/** A message to begin with. */
export const message = (to = 'ada@example.com', raw = 'Subject: hi\r\n\r\nhello\r\n'): OutgoingMessage => ({
  from: 'news@example.org',
  to,
  raw: Buffer.from(raw),
})

const transports: Transport[] = []
afterEach(() => {
  for (const transport of transports.splice(0)) transport.close()
})

/** A transport that is closed after the test. */
export function transportTo(url: string, connections = 1): Transport {
  const transport = createSmtpTransport({ url, connections })
  transports.push(transport)
  return transport
}

/** The fate of one message on a fresh connection, and what the server saw of it. */
export async function fateAgainst(
  script: Script,
  query = '',
): Promise<{ outcome: Outcome; messages: string[]; commands: string[] }> {
  const server = await startScriptedSmtp(script)
  const outcome = await transportTo(`${server.url}${query}`).send(message())
  return { outcome, messages: server.messages, commands: server.commands }
}
